import { copyOf } from "../lib/copy-of.ts";

/** Keeps the last bytes of an output of any length, in memory that does not grow with it. */
export class OutputTail {
  readonly #bytesMax: number;
  #chunks: Uint8Array[] = [];
  #bytesKept = 0;
  #bytesTotal = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** How much was written, kept or not. */
  get bytesTotal(): number {
    return this.#bytesTotal;
  }

  write(chunk: Uint8Array): void {
    this.#bytesTotal += chunk.byteLength;
    // A copy: a view of a few bytes would keep the whole chunk alive.
    const kept = copyOf(chunk, Math.max(0, chunk.byteLength - this.#bytesMax));
    this.#chunks.push(kept);
    this.#bytesKept += kept.byteLength;
    if (this.#bytesKept > 2 * this.#bytesMax || this.#chunks.length > chunksMax) this.#compact();
  }

  /** The kept bytes as text; what is not UTF-8 shows as U+FFFD. */
  text(): string {
    this.#compact();
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.#chunks[0]);
  }

  #compact(): void {
    const all = Buffer.concat(this.#chunks);
    const kept = all.subarray(Math.max(0, all.byteLength - this.#bytesMax));
    this.#chunks = [kept];
    this.#bytesKept = kept.byteLength;
  }
}

/** A program that writes byte by byte must not cost an object a byte. */
const chunksMax = 64;

/** Consul: a script's output keeps its end, and says so in front. */
export function formatScriptOutput(tail: OutputTail, bytesMax: number): string {
  if (tail.bytesTotal <= bytesMax) return tail.text();
  return `Captured ${bytesMax} of ${tail.bytesTotal} bytes\n...\n${tail.text()}`;
}

/** Consul: what a service says of itself keeps its beginning, and says so behind. */
export function limitReportedOutput(output: string, bytesMax: number): string {
  if (output.length * 3 <= bytesMax) return output; // a UTF-16 unit is at most three bytes of UTF-8
  const bytes = new TextEncoder().encode(output);
  if (bytes.byteLength <= bytesMax) return output;
  const kept = new TextDecoder().decode(bytes.subarray(0, bytesMax));
  return `${kept} ... (captured ${bytesMax} of ${bytes.byteLength} bytes)`;
}
