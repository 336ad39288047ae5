import type { CommittedBatch } from "../replicated-engine.ts";
import { decodeBatch, textOf } from "../sqlite/batch-codec.ts";
import { partBytes } from "./layout.ts";

/** A batch's block as etcd stores it: the full parts, then the end, which is a head line and the rest of the block. */
export interface SplitBlock {
  readonly parts: readonly Uint8Array[];
  readonly end: Uint8Array;
}

/** Splits a batch's block into parts of `partBytes` and an end. The end begins with the batch's head line (see Layout). */
export function splitBlock(block: Uint8Array<ArrayBuffer>, term: number): SplitBlock {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (; block.byteLength - at > partBytes; at += partBytes) parts.push(block.subarray(at, at + partBytes));
  const line = `${parts.length} ${term} ${Bun.hash.crc32(block).toString(16)}\n`;
  return { parts, end: Buffer.concat([Buffer.from(line), block.subarray(at)]) };
}

export interface BlockEnd {
  /** The number of parts that precede the end. */
  readonly parts: number;
  readonly term: number;
  readonly crc: number;
  readonly bytes: Uint8Array;
}

/** Decodes the value of a batch's key; returns undefined if the value does not begin with a head line. */
export function readEnd(value: Uint8Array): BlockEnd | undefined {
  const at = value.indexOf(10);
  const [, parts, term, crc = ""] = /^(\d+) (\d+) ([\da-f]+)$/.exec(textOf(value.subarray(0, Math.max(0, at)))) ?? [];
  if (parts === undefined || term === undefined) return undefined;
  return { parts: Number(parts), term: Number(term), crc: Number.parseInt(crc, 16), bytes: value.subarray(at + 1) };
}

/**
 * Decodes the batch whose block consists of the parts and the end. Returns undefined if the checksum is wrong or the rows are
 * not those of a batch.
 */
export function decodeBlock({ crc, bytes, term }: BlockEnd, parts: readonly Uint8Array[]): CommittedBatch | undefined {
  const block = Buffer.concat([...parts, bytes]);
  if (Bun.hash.crc32(block) !== crc) return undefined;
  try {
    return { ...decodeBatch(block), term };
  } catch {
    return undefined;
  }
}
