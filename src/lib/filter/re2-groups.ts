import { Re2SyntaxError } from "./re2-class.ts";
import { compileProgram, holds, type Re2Program } from "./re2-program.ts";

/** A regular expression of RE2's syntax that tells what its groups matched, in bounded time like compileRe2. */
export interface Re2Groups {
  /** The first match and, behind it, what each group matched ("" for one that took no part); undefined without a match. */
  match(text: string): readonly string[] | undefined;
}

/**
 * As compileRe2, but each place in the program remembers where the groups began and ended on the way to it. Places are kept
 * in the order in which the pattern prefers them; of two ways to one place the preferred one came first, and stays.
 */
export function compileRe2Groups(pattern: string): Re2Groups | { readonly fault: string } {
  try {
    const program = compileProgram(pattern, { marks: true });
    return { match: (text) => match(program, Array.from(text)) };
  } catch (thrown) {
    if (thrown instanceof Re2SyntaxError) return { fault: thrown.message };
    throw thrown;
  }
}

/** The newest of the marks on the way to a place; of two for one slot the newer counts. Slots 0 and 1 are the whole match's. */
interface Mark {
  readonly slot: number;
  readonly at: number;
  readonly before: Mark | undefined;
}

/** Places in order of preference. */
type Places = Map<number, Mark>;

function match(program: Re2Program, characters: readonly string[]): string[] | undefined {
  let places: Places = new Map();
  let best: Mark | undefined;
  for (let at = 0; at <= characters.length && (best === undefined || places.size > 0); at += 1) {
    // A match may begin anywhere, but an earlier one is preferred.
    if (best === undefined)
      follow(program, places, { from: 0, mark: { slot: 0, at, before: undefined }, characters, at });
    const next: Places = new Map();
    for (const [place, mark] of places) {
      if (place === program.length) {
        best = { slot: 1, at, before: mark };
        // Whatever comes behind is less preferred.
        break;
      }
      const instruction = program[place];
      const character = characters[at];
      if (instruction?.kind === "character" && character !== undefined && instruction.test(character))
        follow(program, next, { from: place + 1, mark, characters, at: at + 1 });
    }
    places = next;
  }
  return best && textsOf(program, best, characters);
}

interface Step {
  readonly from: number;
  readonly mark: Mark;
  readonly characters: readonly string[];
  readonly at: number;
}

/** Adds `from` and every place that can be reached from it without reading a character, the preferred ones first. */
function follow(program: Re2Program, places: Places, { from, mark, characters, at }: Step): void {
  const open: [number, Mark][] = [[from, mark]];
  for (let way = open.pop(); way !== undefined; way = open.pop()) {
    const [place, known] = way;
    if (places.has(place)) continue;
    places.set(place, known);
    const instruction = program[place];
    if (instruction?.kind === "fork")
      open.push(...instruction.to.map((to): [number, Mark] => [to, known]).toReversed());
    if (instruction?.kind === "mark") open.push([place + 1, { slot: instruction.slot, at, before: known }]);
    if (instruction?.kind === "position" && holds(instruction.at, characters, at)) open.push([place + 1, known]);
  }
}

function textsOf(program: Re2Program, newest: Mark, characters: readonly string[]): string[] {
  const slots: number[] = [];
  for (let mark: Mark | undefined = newest; mark !== undefined; mark = mark.before) slots[mark.slot] ??= mark.at;
  const groups = program.reduce((most, step) => (step.kind === "mark" ? Math.max(most, step.slot >> 1) : most), 0);
  return Array.from({ length: groups + 1 }, (_, group) =>
    characters.slice(slots[2 * group] ?? 0, slots[2 * group + 1] ?? 0).join(""),
  );
}
