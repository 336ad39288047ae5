import { Re2SyntaxError, type CharacterTest } from "./re2-class.ts";
import { parseRe2, type Position, type Re2Node } from "./re2-syntax.ts";

/**
 * A pattern as steps to take, one after the other: `ab|ac` is 0 fork 1 or 4, 1 a, 2 b, 3 goto 6, 4 a, 5 c, 6 end. Of the
 * ways that a fork leads, the first is the one that the pattern prefers.
 */
export type Re2Program = readonly Instruction[];

export type Instruction =
  | { readonly kind: "character"; readonly test: CharacterTest }
  | { readonly kind: "position"; readonly at: Position }
  | { readonly kind: "fork"; readonly to: readonly number[] }
  /** Here a group begins (an even slot, twice its number) or ends (the next slot). */
  | { readonly kind: "mark"; readonly slot: number };

/** Nested counts multiply: (a{1000}){1000} would be a million instructions. */
const instructionsMax = 2_000;

export interface ProgramOptions {
  /** Whether the program marks where groups begin and end: what only says yes or no does without. */
  readonly marks: boolean;
}

/** @throws Re2SyntaxError */
export function compileProgram(pattern: string, options: ProgramOptions): Re2Program {
  const program: Instruction[] = [];
  emit(program, parseRe2(pattern), options);
  if (program.length > instructionsMax) throw tooLarge(pattern);
  return program;
}

function tooLarge(pattern: string): Re2SyntaxError {
  return new Re2SyntaxError("expression too large", pattern);
}

type Repeat = Extract<Re2Node, { kind: "repeat" }>;

/** Appends the instructions of `node`; where they end, the program goes on. */
function emit(program: Instruction[], node: Re2Node, options: ProgramOptions): void {
  if (program.length > instructionsMax) throw tooLarge("");
  switch (node.kind) {
    case "character":
    case "position":
      program.push(node);
      return;
    case "sequence":
      for (const part of node.parts) emit(program, part, options);
      return;
    case "choice":
      emitChoice(program, node.parts, options);
      return;
    case "group":
      if (options.marks) program.push({ kind: "mark", slot: 2 * node.index });
      emit(program, node.part, options);
      if (options.marks) program.push({ kind: "mark", slot: 2 * node.index + 1 });
      return;
    case "repeat":
      emitTimes(program, node, options);
      if (node.max === Infinity) emitLoop(program, node, options);
      else emitOptional(program, node, options);
  }
}

function emitTimes(program: Instruction[], { part, min }: Repeat, options: ProgramOptions): void {
  for (let done = 0; done < min; done += 1) {
    const before = program.length;
    emit(program, part, options);
    // What matches nothing need not be repeated; nested, it could be for hours.
    if (program.length === before) return;
  }
}

function emitChoice(program: Instruction[], parts: readonly Re2Node[], options: ProgramOptions): void {
  const fork = program.push({ kind: "fork", to: [] }) - 1;
  const starts: number[] = [];
  const ends: number[] = [];
  for (const part of parts) {
    starts.push(program.length);
    emit(program, part, options);
    ends.push(program.push({ kind: "fork", to: [] }) - 1);
  }
  program[fork] = { kind: "fork", to: starts };
  for (const end of ends) program[end] = { kind: "fork", to: [program.length] };
}

function emitLoop(program: Instruction[], { part, greedy }: Repeat, options: ProgramOptions): void {
  const fork = program.push({ kind: "fork", to: [] }) - 1;
  emit(program, part, options);
  program.push({ kind: "fork", to: [fork] });
  program[fork] = onOrPast(fork, program.length, greedy);
}

function emitOptional(program: Instruction[], { part, min, max, greedy }: Repeat, options: ProgramOptions): void {
  const forks: number[] = [];
  for (let done = 0; done < max - min; done += 1) {
    forks.push(program.push({ kind: "fork", to: [] }) - 1);
    emit(program, part, options);
  }
  for (const fork of forks) program[fork] = onOrPast(fork, program.length, greedy);
}

/** A fork into what follows it, or past that: a greedy repetition would rather go on. */
function onOrPast(fork: number, past: number, greedy: boolean): Instruction {
  return { kind: "fork", to: greedy ? [fork + 1, past] : [past, fork + 1] };
}

/** Whether a position is at the character number `at`. */
export function holds(position: Position, characters: readonly string[], at: number): boolean {
  switch (position) {
    case "text-start":
      return at === 0;
    case "text-end":
      return at === characters.length;
    case "line-start":
      return at === 0 || characters[at - 1] === "\n";
    case "line-end":
      return at === characters.length || characters[at] === "\n";
    case "word-edge":
      return isWord(characters[at - 1]) !== isWord(characters[at]);
    case "not-word-edge":
      return isWord(characters[at - 1]) === isWord(characters[at]);
  }
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /^[0-9A-Za-z_]$/.test(character);
}
