/**
 * A file of JSON lines in which each line holds the hash of the line before it, so that a line which is changed, removed, inserted or
 * moved breaks the chain at a place that can be named. A line ends in these three fields:
 *
 *     {..., "sequence": 7, "previous": "<hash of line 6>", "hash": "<hash of this line>"}
 *
 * The hash is SHA-256, in hexadecimal digits, of the line's text up to its field `hash`. It has no key: who can write the whole file can
 * compute all hashes anew, and only a hash that was kept elsewhere shows it. Nor does the chain know of lines that are cut off at its end.
 */

/** The end of a chain, from which its next line continues. */
export interface ChainEnd {
  /** The number of the last line; 0 before the first. */
  readonly sequence: number;
  readonly hash: string;
}

export const emptyChain: ChainEnd = { sequence: 0, hash: "0".repeat(64) };

/** A line of a chain, as its text says it. */
interface ChainedLine extends ChainEnd {
  readonly previous: string;
}

/** Returns the text of the next line, without a line break, and the chain's end after it. @param record has at least one field */
export function chained(
  record: object,
  { sequence, hash }: ChainEnd,
): { readonly line: string; readonly end: ChainEnd } {
  const hashed = JSON.stringify({ ...record, sequence: sequence + 1, previous: hash }).slice(0, -1);
  const end = { sequence: sequence + 1, hash: sha256(hashed) };
  return { line: `${hashed},"hash":"${end.hash}"}`, end };
}

/** Returns the line's place in its chain; undefined if it has none, or its hash is not that of its text. */
export function readChained(line: string): ChainedLine | undefined {
  const [, hashed, hash] = /^(\{.*),"hash":"([0-9a-f]{64})"\}$/.exec(line) ?? [];
  if (hashed === undefined || hash === undefined || sha256(hashed) !== hash) return undefined;
  const [, sequence, previous] = /,"sequence":(\d+),"previous":"([0-9a-f]{64})"$/.exec(hashed) ?? [];
  return sequence === undefined || previous === undefined ? undefined : { sequence: Number(sequence), previous, hash };
}

function sha256(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}

/** A place at which a chain is broken. */
export interface ChainBreak {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly why: string;
}

/** Follows a chain over the lines of its files, in their order. */
export class ChainReader {
  readonly breaks: ChainBreak[] = [];
  #end: ChainEnd | undefined;
  #lines = 0;

  get lines(): number {
    return this.#lines;
  }

  /** The end of the chain so far; undefined before the first line that is whole. */
  get end(): ChainEnd | undefined {
    return this.#end;
  }

  /** Reads the next line. The first one may continue a chain whose beginning is not at hand, as after a rotated file was removed. */
  read(text: string, file: string, line: number): void {
    this.#lines += 1;
    const read = readChained(text);
    const why = read ? whyBroken(read, this.#end) : "the line is not as it was written";
    if (why !== undefined) this.breaks.push({ file, line, why });
    // After a changed line the next one is judged by what that line claims, so that one change is one break.
    this.#end = read ?? this.#claimed(text);
  }

  #claimed(text: string): ChainEnd | undefined {
    const [, sequence, hash] = /,"sequence":(\d+),.*"hash":"([0-9a-f]{64})"\}$/.exec(text) ?? [];
    return sequence === undefined || hash === undefined ? this.#end : { sequence: Number(sequence), hash };
  }
}

function whyBroken(read: ChainedLine, end: ChainEnd | undefined): string | undefined {
  if (end === undefined || read.previous === end.hash) return undefined;
  if (read.sequence > end.sequence + 1) return `${read.sequence - end.sequence - 1} lines before it are missing`;
  return `it does not follow the line before it: number ${read.sequence} after ${end.sequence}`;
}
