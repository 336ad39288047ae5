import { type CharacterTest, Re2SyntaxError } from "./re2-class.ts";
import { parseRe2, type Position, type Re2Node } from "./re2-syntax.ts";

/**
 * Regular expressions with RE2's syntax and RE2's promise: the time is bounded by pattern times text, whatever the pattern.
 * A client's `matches "(a+)+$"` must not stop the agent, as a backtracking matcher would.
 *
 * A pattern becomes a program; to match, the set of places in the program that the text read so far can have led to is
 * carried along the text, character by character. For `ab|ac`: 0 fork 1 or 4, 1 a, 2 b, 3 goto 6, 4 a, 5 c, 6 end.
 */
export interface Re2 {
  /** Whether the pattern matches anywhere in the text. */
  test(text: string): boolean;
}

type Instruction =
  | { readonly kind: "character"; readonly test: CharacterTest }
  | { readonly kind: "position"; readonly at: Position }
  | { readonly kind: "fork"; readonly to: readonly number[] };

/** Nested counts multiply: (a{1000}){1000} would be a million instructions. */
const instructionsMax = 2_000;

export function compileRe2(pattern: string): Re2 | { readonly fault: string } {
  try {
    const program: Instruction[] = [];
    emit(program, parseRe2(pattern));
    if (program.length > instructionsMax) throw tooLarge(pattern);
    return { test: (text) => run(program, text) };
  } catch (thrown) {
    if (thrown instanceof Re2SyntaxError) return { fault: thrown.message };
    throw thrown;
  }
}

function tooLarge(pattern: string): Re2SyntaxError {
  return new Re2SyntaxError("expression too large", pattern);
}

/** Appends the instructions of `node`; where they end, the program goes on. */
function emit(program: Instruction[], node: Re2Node): void {
  if (program.length > instructionsMax) throw tooLarge("");
  switch (node.kind) {
    case "character":
    case "position":
      program.push(node);
      return;
    case "sequence":
      for (const part of node.parts) emit(program, part);
      return;
    case "choice":
      emitChoice(program, node.parts);
      return;
    case "repeat":
      emitTimes(program, node.part, node.min);
      if (node.max === Infinity) emitLoop(program, node.part);
      else emitOptional(program, node.part, node.max - node.min);
  }
}

function emitTimes(program: Instruction[], part: Re2Node, times: number): void {
  for (let done = 0; done < times; done += 1) {
    const before = program.length;
    emit(program, part);
    // What matches nothing need not be repeated; nested, it could be for hours.
    if (program.length === before) return;
  }
}

function emitChoice(program: Instruction[], parts: readonly Re2Node[]): void {
  const fork = program.push({ kind: "fork", to: [] }) - 1;
  const starts: number[] = [];
  const ends: number[] = [];
  for (const part of parts) {
    starts.push(program.length);
    emit(program, part);
    ends.push(program.push({ kind: "fork", to: [] }) - 1);
  }
  program[fork] = { kind: "fork", to: starts };
  for (const end of ends) program[end] = { kind: "fork", to: [program.length] };
}

function emitLoop(program: Instruction[], part: Re2Node): void {
  const fork = program.push({ kind: "fork", to: [] }) - 1;
  emit(program, part);
  program.push({ kind: "fork", to: [fork] });
  program[fork] = { kind: "fork", to: [fork + 1, program.length] };
}

function emitOptional(program: Instruction[], part: Re2Node, times: number): void {
  const forks: number[] = [];
  for (let done = 0; done < times; done += 1) {
    forks.push(program.push({ kind: "fork", to: [] }) - 1);
    emit(program, part);
  }
  for (const fork of forks) program[fork] = { kind: "fork", to: [fork + 1, program.length] };
}

function run(program: readonly Instruction[], text: string): boolean {
  const characters = Array.from(text);
  let places = new Set<number>();
  for (let at = 0; at <= characters.length; at += 1) {
    // A match may begin anywhere.
    follow(program, places, { from: 0, characters, at });
    if (places.has(program.length)) return true;
    places = step(program, places, { characters, at });
  }
  return false;
}

/** The places after the character at `at`. */
function step(
  program: readonly Instruction[],
  places: ReadonlySet<number>,
  { characters, at }: { characters: readonly string[]; at: number },
): Set<number> {
  const next = new Set<number>();
  const character = characters[at];
  if (character === undefined) return next;
  for (const place of places) {
    const instruction = program[place];
    if (instruction?.kind === "character" && instruction.test(character)) {
      follow(program, next, { from: place + 1, characters, at: at + 1 });
    }
  }
  return next;
}

/** Adds `from` and every place that can be reached from it without reading a character. */
function follow(
  program: readonly Instruction[],
  places: Set<number>,
  { from, characters, at }: { from: number; characters: readonly string[]; at: number },
): void {
  const open = [from];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    if (places.has(place)) continue;
    places.add(place);
    const instruction = program[place];
    if (instruction?.kind === "fork") open.push(...instruction.to);
    if (instruction?.kind === "position" && holds(instruction.at, characters, at)) open.push(place + 1);
  }
}

function holds(position: Position, characters: readonly string[], at: number): boolean {
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
