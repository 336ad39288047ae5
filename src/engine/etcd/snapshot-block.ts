import { partBytes } from "./layout.ts";

/*
 * A block of a snapshot has whole rows. A row may make the block longer than a request may be, so each block is cut over as
 * many keys as it needs. The value of each key begins with an octet: 1 if the block goes on in the next key, else 0.
 */

/** Returns the values of the keys for one block. */
export function cutBlock(block: Uint8Array): Uint8Array[] {
  const values: Uint8Array[] = [];
  for (let at = 0; at < block.byteLength; at += partBytes) {
    const goesOn = at + partBytes < block.byteLength;
    values.push(Buffer.concat([Buffer.of(goesOn ? 1 : 0), block.subarray(at, at + partBytes)]));
  }
  return values;
}

/** Joins the blocks again from the values of the keys, in order. */
export class BlockJoiner {
  #pieces: Uint8Array[] = [];

  /** Returns the block that this value completes; undefined if the block goes on in the next value. */
  add(value: Uint8Array): ArrayBuffer | undefined {
    this.#pieces.push(value.subarray(1));
    if (value[0] !== 0) return undefined;
    const block = new Uint8Array(this.#pieces.reduce((total, { byteLength }) => total + byteLength, 0));
    let at = 0;
    for (const piece of this.#pieces) {
      block.set(piece, at);
      at += piece.byteLength;
    }
    this.#pieces = [];
    return block.buffer;
  }
}
