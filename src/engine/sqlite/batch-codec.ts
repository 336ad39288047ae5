import { assert } from "../../lib/assert.ts";
import type { Batch, Row, RowChange } from "../engine.ts";

/*
 * Encodes rows as one block of bytes, which threads transfer without a copy, and which the store checks and logs without
 * decoding it. The layout of one row, with little-endian numbers:
 *
 *   u32 table bytes | u32 key bytes | u32 value bytes, or 0xffffffff for a deletion | table | key | value
 *
 * table and key are UTF-8. Batches are logged in this form, and the checksum of a stored row is the CRC-32 of exactly
 * these bytes, so the layout is part of the file's schema. Example: table "kv", key "a", value 0x01 0x02 is
 *
 *   02 00 00 00  01 00 00 00  02 00 00 00  6b 76  61  01 02
 */

const headerBytes = 12;
const deletion = 0xffffffff;

/** Name of the table for the store's own numbers, such as the revision. It sorts before the tables of the state. */
export const storeTable = "";
export const revisionKey = "revision";

/** One encoded row inside a block. Its getters create views of the block, without a copy. */
export class PackedRow {
  readonly #block: Buffer;
  readonly #at: number;
  readonly #places: Places;

  constructor(block: Buffer, at: number, places: Places) {
    this.#block = block;
    this.#at = at;
    this.#places = places;
  }

  get table(): Uint8Array {
    return this.#block.subarray(this.#at + headerBytes, this.#places.keyAt);
  }

  get key(): Uint8Array {
    return this.#block.subarray(this.#places.keyAt, this.#places.valueAt);
  }

  get value(): Uint8Array | undefined {
    return this.#places.isDeletion ? undefined : this.#block.subarray(this.#places.valueAt, this.#places.end);
  }

  /** The whole packed row, which the checksum covers. */
  get packed(): Uint8Array {
    return this.#block.subarray(this.#at, this.#places.end);
  }

  /** The table's name as a string with one character for each UTF-8 byte. Such strings sort as the bytes do. */
  get tableBytes(): string {
    return this.#block.toString("latin1", this.#at + headerBytes, this.#places.keyAt);
  }

  /** The key as a string with one character for each UTF-8 byte. */
  get keyBytes(): string {
    return this.#block.toString("latin1", this.#places.keyAt, this.#places.valueAt);
  }
}

/** Encodes the batch's changes in order, then its revision. Copies the values: the caller may reuse its buffers. */
export function encodeBatch(batch: Batch): ArrayBuffer {
  return encodeChanges([...batch.changes, numberRow(revisionKey, batch.revision)]);
}

/** Returns the row that stores a number, such as the revision, in the table `storeTable`. */
export function numberRow(key: string, value: number): Row {
  return { table: storeTable, key, value: Buffer.from(String(value)) };
}

export function encodeChanges(changes: readonly RowChange[]): ArrayBuffer {
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

/**
 * Yields the rows of a block, in order.
 * @throws RangeError when the block is not a sequence of rows
 */
export function* unpackRows(block: ArrayBuffer | Uint8Array<ArrayBuffer>): Generator<PackedRow> {
  const bytes =
    block instanceof ArrayBuffer ? Buffer.from(block) : Buffer.from(block.buffer, block.byteOffset, block.byteLength);
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.byteLength;) {
    const places = placesOf(header, at);
    if (places.end > bytes.byteLength) throw new RangeError(`a row ends after its block: ${places.end}`);
    yield new PackedRow(bytes, at, places);
    at = places.end;
  }
}

/** Decodes a block of stored rows, and the revision if the block contains it. Takes 0.1 s for 200,000 rows. */
export function decodeRows(block: ArrayBuffer): { rows: Row[]; revision: number | undefined } {
  const rows: Row[] = [];
  const revision = decodeEach(new Uint8Array(block), (table, key, value) => {
    if (value !== undefined) rows.push({ table, key, value });
  });
  return { rows, revision };
}

/**
 * Decodes what encodeBatch returns. The values are views of the block.
 * @throws RangeError when the block is not a sequence of rows, or has no revision
 */
export function decodeBatch(block: Uint8Array<ArrayBuffer>): Batch {
  const changes: RowChange[] = [];
  const revision = decodeEach(block, (table, key, value) => void changes.push({ table, key, value }));
  if (revision === undefined) throw new RangeError("a batch has no revision");
  return { revision, changes };
}

/**
 * Calls `add` with each row but those of the store itself. Returns the revision if the block contains it.
 * @throws RangeError when the block is not a sequence of rows
 */
function decodeEach(
  block: Uint8Array<ArrayBuffer>,
  add: (table: string, key: string, value: Uint8Array | undefined) => void,
): number | undefined {
  const header = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
  let revision: number | undefined;
  let table = "";
  for (let at = 0; at < block.byteLength;) {
    const { keyAt, valueAt, end, isDeletion } = placesOf(header, at);
    if (end > block.byteLength) throw new RangeError(`a row ends after its block: ${end}`);
    const name = bytes.toString("utf8", at + headerBytes, keyAt);
    // Gives all rows of a table one shared string as the table's name, to save memory.
    if (name !== table) table = name;
    const key = bytes.toString("utf8", keyAt, valueAt);
    if (table === storeTable) revision = key === revisionKey ? Number(bytes.toString("utf8", valueAt, end)) : revision;
    else
      add(table, key, isDeletion ? undefined : new Uint8Array(block.buffer, block.byteOffset + valueAt, end - valueAt));
    at = end;
  }
  return revision;
}

interface Places {
  readonly keyAt: number;
  readonly valueAt: number;
  readonly end: number;
  readonly isDeletion: boolean;
}

function placesOf(header: DataView, at: number): Places {
  const keyAt = at + headerBytes + header.getUint32(at, true);
  const valueAt = keyAt + header.getUint32(at + 4, true);
  const valueBytes = header.getUint32(at + 8, true);
  const isDeletion = valueBytes === deletion;
  return { keyAt, valueAt, end: isDeletion ? valueAt : valueAt + valueBytes, isDeletion };
}

/** Decodes UTF-8. Unlike TextDecoder, it keeps a leading U+FEFF. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

/** Packs stored rows into blocks of about `blockBytes` and calls `emit` with each full block. */
export class RowPacker {
  readonly #blockBytes: number;
  readonly #emit: (block: ArrayBuffer) => void;
  #block = new ArrayBuffer(0);
  #bytes: Uint8Array = new Uint8Array(this.#block);
  #header: DataView = new DataView(this.#block);
  #used = 0;

  constructor(blockBytes: number, emit: (block: ArrayBuffer) => void) {
    this.#blockBytes = blockBytes;
    this.#emit = emit;
  }

  /** Adds a row and returns its packed bytes, for the checksum. The view is valid until the next call. */
  add(table: Uint8Array, key: Uint8Array, value: Uint8Array): Uint8Array {
    const bytes = headerBytes + table.byteLength + key.byteLength + value.byteLength;
    if (this.#used + bytes > this.#block.byteLength) {
      this.flush();
      this.#use(new ArrayBuffer(Math.max(this.#blockBytes, bytes)));
    }
    const at = this.#used;
    const keyAt = at + headerBytes + table.byteLength;
    this.#header.setUint32(at, table.byteLength, true);
    this.#header.setUint32(at + 4, key.byteLength, true);
    this.#header.setUint32(at + 8, value.byteLength, true);
    this.#bytes.set(table, at + headerBytes);
    this.#bytes.set(key, keyAt);
    this.#bytes.set(value, keyAt + key.byteLength);
    this.#used = at + bytes;
    return new Uint8Array(this.#block, at, bytes);
  }

  /** Emits the last, partial block. */
  flush(): void {
    if (this.#used > 0) this.#emit(this.#block.slice(0, this.#used));
    this.#use(new ArrayBuffer(0));
  }

  #use(block: ArrayBuffer): void {
    this.#block = block;
    this.#bytes = new Uint8Array(block);
    this.#header = new DataView(block);
    this.#used = 0;
  }
}
