import { assert } from "../../lib/assert.ts";
import type { Batch, Row, RowChange } from "../engine.ts";

/*
 * Rows as one block of bytes, to cross between threads without a copy and to be checked and stored without being
 * decoded. A row, its numbers little-endian:
 *
 *   u32 table bytes | u32 key bytes | u32 value bytes, or 0xffffffff for a deletion | table | key | value
 *
 * table and key are UTF-8. The checksum of a stored row is the CRC-32 of exactly these bytes, so the layout is part of
 * the file's schema. Example: table "kv", key "a", value 0x01 0x02 is
 *
 *   02 00 00 00  01 00 00 00  02 00 00 00  6b 76  61  01 02
 */

const headerBytes = 12;
const deletion = 0xffffffff;

/** The store's revision travels and rests as a row of its own; its table sorts before all others, so it is read first. */
export const revisionTable = "";
const revisionKey = "revision";

/** One row of a block; the arrays are views of the block. */
export interface PackedRow {
  readonly table: Uint8Array;
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
  /** The whole row as packed: what the checksum is taken of. */
  readonly packed: Uint8Array;
}

/** The batch's changes in order, then its revision. The caller may reuse its buffers once this returns. */
export function encodeBatch(batch: Batch): ArrayBuffer {
  const revision = { table: revisionTable, key: revisionKey, value: Buffer.from(String(batch.revision)) };
  const changes = [...batch.changes, revision];
  let total = 0;
  for (const change of changes) total += packedBytes(change);
  const block = new ArrayBuffer(total);
  const bytes = Buffer.from(block);
  let at = 0;
  for (const change of changes) at = packChange(bytes, at, change);
  return block;
}

function packedBytes(change: RowChange): number {
  return (
    headerBytes + Buffer.byteLength(change.table) + Buffer.byteLength(change.key) + (change.value?.byteLength ?? 0)
  );
}

function packChange(bytes: Buffer, at: number, change: RowChange): number {
  assert(change.table.isWellFormed() && change.key.isWellFormed(), "the names of rows are well-formed Unicode");
  const tableAt = at + headerBytes;
  const keyAt = tableAt + bytes.write(change.table, tableAt);
  const valueAt = keyAt + bytes.write(change.key, keyAt);
  if (change.value !== undefined) bytes.set(change.value, valueAt);
  bytes.writeUInt32LE(keyAt - tableAt, at);
  bytes.writeUInt32LE(valueAt - keyAt, at + 4);
  bytes.writeUInt32LE(change.value?.byteLength ?? deletion, at + 8);
  return valueAt + (change.value?.byteLength ?? 0);
}

/** The rows of a block, in order. */
export function* unpackRows(block: ArrayBuffer): Generator<PackedRow> {
  const bytes = Buffer.from(block);
  let at = 0;
  while (at < bytes.length) {
    const keyAt = at + headerBytes + bytes.readUInt32LE(at);
    const valueAt = keyAt + bytes.readUInt32LE(at + 4);
    const valueBytes = bytes.readUInt32LE(at + 8);
    const end = valueBytes === deletion ? valueAt : valueAt + valueBytes;
    yield {
      table: bytes.subarray(at + headerBytes, keyAt),
      key: bytes.subarray(keyAt, valueAt),
      value: valueBytes === deletion ? undefined : bytes.subarray(valueAt, end),
      packed: bytes.subarray(at, end),
    };
    at = end;
  }
}

/** Takes a block of stored rows apart: the rows proper, and the revision if it is among them. */
export function decodeRows(block: ArrayBuffer): { rows: Row[]; revision: number | undefined } {
  const rows: Row[] = [];
  let revision: number | undefined;
  let table = "";
  let tableBytes = Buffer.alloc(0);
  for (const packed of unpackRows(block)) {
    if (!tableBytes.equals(packed.table)) {
      tableBytes = Buffer.from(packed.table);
      table = tableBytes.toString();
    }
    const value = packed.value ?? new Uint8Array(0);
    if (table === revisionTable) revision = Number(textOf(value));
    else rows.push({ table, key: textOf(packed.key), value });
  }
  return { rows, revision };
}

/** Bytes as text; unlike TextDecoder, a leading U+FEFF stays. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

/** Packs stored rows into blocks of about `blockBytes` and hands each full block on. */
export class RowPacker {
  readonly #blockBytes: number;
  readonly #emit: (block: ArrayBuffer) => void;
  #block: Buffer<ArrayBuffer> = Buffer.alloc(0);
  #used = 0;

  constructor(blockBytes: number, emit: (block: ArrayBuffer) => void) {
    this.#blockBytes = blockBytes;
    this.#emit = emit;
  }

  /** Adds a row and returns it as packed, for its checksum. The view is valid until the next call. */
  add(table: Uint8Array, key: Uint8Array, value: Uint8Array): Buffer {
    const bytes = headerBytes + table.byteLength + key.byteLength + value.byteLength;
    if (this.#used + bytes > this.#block.length) {
      this.flush();
      this.#block = Buffer.from(new ArrayBuffer(Math.max(this.#blockBytes, bytes)));
    }
    const at = this.#used;
    this.#block.writeUInt32LE(table.byteLength, at);
    this.#block.writeUInt32LE(key.byteLength, at + 4);
    this.#block.writeUInt32LE(value.byteLength, at + 8);
    this.#block.set(table, at + headerBytes);
    this.#block.set(key, at + headerBytes + table.byteLength);
    this.#block.set(value, at + headerBytes + table.byteLength + key.byteLength);
    this.#used = at + bytes;
    return this.#block.subarray(at, this.#used);
  }

  /** Hands on what is left. */
  flush(): void {
    if (this.#used > 0) this.#emit(this.#block.buffer.slice(0, this.#used));
    this.#block = Buffer.alloc(0);
    this.#used = 0;
  }
}
