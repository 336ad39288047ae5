/**
 * A file of JSON lines in which each line holds the hash of the line before it, so that a line which is changed, removed, inserted or
 * moved breaks the chain at a place that can be named. A line ends in these three fields:
 *
 *     {..., "sequence": 7, "previous": "<hash of line 6>", "hash": "<hash of this line>"}
 *
 * The hash is HMAC-SHA-256 (RFC 2104), in hexadecimal digits, of the line's text up to its field `hash`. Without its key a line cannot be
 * written, so a user who can write the file, and not read the key, can only remove lines. Lines that are cut off at the end leave no gap:
 * chain-anchor.ts remembers the end. A chain without a key has plain SHA-256 in its place.
 */

/** The key of a chain; undefined for a chain without one. */
export type ChainKey = Uint8Array | undefined;

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
  key: ChainKey,
): { readonly line: string; readonly end: ChainEnd } {
  const hashed = JSON.stringify({ ...record, sequence: sequence + 1, previous: hash }).slice(0, -1);
  const end = { sequence: sequence + 1, hash: hashOf(hashed, key) };
  return { line: `${hashed},"hash":"${end.hash}"}`, end };
}

/** Returns the line's place in its chain; undefined if it has none, or its hash is not that of its text. */
export function readChained(line: string, key: ChainKey): ChainedLine | undefined {
  const [, hashed, hash] = /^(\{.*),"hash":"([0-9a-f]{64})"\}$/.exec(line) ?? [];
  if (hashed === undefined || hash === undefined || hashOf(hashed, key) !== hash) return undefined;
  const [, sequence, previous] = /,"sequence":(\d+),"previous":"([0-9a-f]{64})"$/.exec(hashed) ?? [];
  return sequence === undefined || previous === undefined ? undefined : { sequence: Number(sequence), previous, hash };
}

function hashOf(text: string, key: ChainKey): string {
  return new Bun.CryptoHasher("sha256", key).update(text).digest("hex");
}

/** A place at which a chain is broken. */
export interface ChainBreak {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly why: string;
}

export interface ChainReaderOptions {
  readonly key?: ChainKey;
  /** The end that the chain had once, so that it must reach it; undefined if it is not known. */
  readonly kept?: ChainEnd | undefined;
}

/** Follows a chain over the lines of its files, in their order. */
export class ChainReader {
  readonly breaks: ChainBreak[] = [];
  readonly #key: ChainKey;
  readonly #kept: ChainEnd | undefined;
  #end: ChainEnd | undefined;
  #lines = 0;

  constructor({ key, kept }: ChainReaderOptions = {}) {
    this.#key = key;
    this.#kept = kept;
  }

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
    const read = readChained(text, this.#key);
    const why = read ? (whyBroken(read, this.#end) ?? this.#whyOther(read)) : "the line is not as it was written";
    if (why !== undefined) this.breaks.push({ file, line, why });
    // After a changed line the next one is judged by what that line claims, so that one change is one break.
    this.#end = read ?? this.#claimed(text);
  }

  /** Ends the chain: it must have reached the end that it had once. @param file the last one */
  finish(file: string): void {
    const missing = (this.#kept?.sequence ?? 0) - (this.#end?.sequence ?? 0);
    if (missing > 0) this.breaks.push({ file, line: this.#lines, why: `${missing} lines at the end are missing` });
  }

  #whyOther({ sequence, hash }: ChainedLine): string | undefined {
    if (sequence !== this.#kept?.sequence || hash === this.#kept.hash) return undefined;
    return `it is another line than the agent wrote with the number ${sequence}`;
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
