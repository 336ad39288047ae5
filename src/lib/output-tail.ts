import { copyOf } from "./copy-of.ts";

/** Keeps the last bytes of an output of any length in bounded memory. */
export class OutputTail {
  readonly #bytesMax: number;
  #chunks: Uint8Array[] = [];
  #bytesKept = 0;
  #bytesTotal = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Number of all bytes written, including those that were dropped. */
  get bytesTotal(): number {
    return this.#bytesTotal;
  }

  write(chunk: Uint8Array): void {
    this.#bytesTotal += chunk.byteLength;
    // Copies the bytes, since a view of a few bytes would keep the whole chunk in memory.
    const kept = copyOf(chunk, Math.max(0, chunk.byteLength - this.#bytesMax));
    this.#chunks.push(kept);
    this.#bytesKept += kept.byteLength;
    if (this.#bytesKept > 2 * this.#bytesMax || this.#chunks.length > chunksMax) this.#compact();
  }

  /** Returns the kept bytes as text; invalid UTF-8 becomes U+FFFD. */
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

/** Number of chunks above which they are joined into one, since a program may write single bytes. */
const chunksMax = 64;
