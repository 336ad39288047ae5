import { Re2SyntaxError } from "./re2-class.ts";
import { compileProgram, holds, type Re2Program } from "./re2-program.ts";

/**
 * Regular expressions with RE2's syntax and RE2's promise: the time is bounded by pattern times text, whatever the pattern.
 * A client's `matches "(a+)+$"` must not stop the agent, as a backtracking matcher would.
 *
 * A pattern becomes a program; to match, the set of places in the program that the text read so far can have led to is
 * carried along the text, character by character.
 */
export interface Re2 {
  /** Whether the pattern matches anywhere in the text. */
  test(text: string): boolean;
}

export function compileRe2(pattern: string): Re2 | { readonly fault: string } {
  try {
    const program = compileProgram(pattern, { marks: false });
    return { test: (text) => run(program, text) };
  } catch (thrown) {
    if (thrown instanceof Re2SyntaxError) return { fault: thrown.message };
    throw thrown;
  }
}

function run(program: Re2Program, text: string): boolean {
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
  program: Re2Program,
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
  program: Re2Program,
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
