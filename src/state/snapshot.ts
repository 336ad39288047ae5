import type { Row } from "../engine/engine.ts";
import { OperatingError } from "../lib/errors.ts";
import { StateBuilder } from "./open-state.ts";
import { tableNamed, tables, type State } from "./state.ts";
import { snapshotRows } from "./stored-tables.ts";
import { modifyIndexOf } from "./tables/table.ts";

/*
 * A state as a sequence of bytes: one line of text that names the format, its version and the state's index, and then
 * the rows, each with the bytes that an engine stores. A row, its numbers little-endian:
 *
 *   u32 table bytes | u32 key bytes | u32 value bytes | table | key | value
 *
 * table and key are UTF-8. Example: the state of index 7 whose one row is the key "a" begins with
 *
 *   praetor-state 1 7\n  02 00 00 00  01 00 00 00  22 00 00 00  6b 76  61  ...
 *
 * The archive that contains the snapshot has the snapshot's length and hash, which show whether bytes are missing or changed.
 */

const format = "praetor-state";
const version = 1;
/** Maximum length of the first line, in bytes. */
const lineBytesMax = 64;
const headerBytes = 12;
/** Size of a block in bytes. A block holds some 500 rows, whose encoding takes less than a millisecond. */
const blockBytes = 64 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Yields the bytes of a state's snapshot in blocks, and encodes each block on demand. The same state gives the same bytes. */
export function* encodeSnapshot(state: State): Generator<Uint8Array<ArrayBuffer>> {
  let parts = [encoder.encode(`${format} ${version} ${state.index}\n`)];
  let bytes = 0;
  for (const row of snapshotRows(state)) {
    const packed = packRow(row);
    parts.push(packed);
    bytes += packed.length;
    if (bytes < blockBytes) continue;
    yield Buffer.concat(parts);
    parts = [];
    bytes = 0;
  }
  yield Buffer.concat(parts);
}

function packRow({ table, key, value }: Row): Uint8Array<ArrayBuffer> {
  const [tableBytes, keyBytes] = [encoder.encode(table), encoder.encode(key)];
  const keyAt = headerBytes + tableBytes.length;
  const packed = new Uint8Array(keyAt + keyBytes.length + value.length);
  const header = new DataView(packed.buffer);
  header.setUint32(0, tableBytes.length, true);
  header.setUint32(4, keyBytes.length, true);
  header.setUint32(8, value.length, true);
  packed.set(tableBytes, headerBytes);
  packed.set(keyBytes, keyAt);
  packed.set(value, keyAt + keyBytes.length);
  return packed;
}

/** Builds the state of a snapshot while its bytes arrive. */
export class SnapshotDecoder {
  readonly #builder = new StateBuilder();
  /** The index in the first line; undefined until the line has been read. */
  #index: number | undefined;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  /** The number of bytes that must be buffered before the decoder can continue. */
  #needed = lineBytesMax;

  /** Decodes the next block. @throws OperatingError invalid if the bytes are no snapshot or are damaged or of a newer version */
  add(block: Uint8Array): void {
    this.#parts.push(block);
    this.#bytes += block.length;
    if (this.#bytes >= this.#needed) this.#decode();
  }

  /** Returns the decoded state. @throws OperatingError invalid if bytes, or a row to which another row refers, are missing */
  finish(): State {
    if (this.#index === undefined) this.#decode();
    if (this.#index === undefined) throw notASnapshot();
    if (this.#bytes > 0) throw damaged("it ends within a row");
    const state = this.#builder.finish(this.#index);
    const missing = missingReference(state);
    if (missing !== undefined) throw damaged(missing);
    return state;
  }

  #decode(): void {
    const block = Buffer.concat(this.#parts);
    let at = 0;
    if (this.#index === undefined) {
      at = block.subarray(0, lineBytesMax).indexOf("\n") + 1;
      this.#index = readLine(block, at);
    }
    let end = endOfRow(block, at);
    for (; end <= block.length; end = endOfRow(block, at)) {
      this.#addRow(unpackRow(block, at, end), this.#index);
      at = end;
    }
    this.#parts = [block.subarray(at)];
    this.#bytes = block.length - at;
    this.#needed = end - at;
  }

  #addRow(row: Row, newest: number): void {
    if (!isReadable(row, newest)) throw damaged(`the row ${JSON.stringify(row.key)} of ${row.table} cannot be read`);
    this.#builder.add(row);
  }
}

/** Returns the index in the first line. `end` is the offset after that line, or 0 if the block has no complete first line. */
function readLine(block: Buffer, end: number): number {
  const [name, written, index] = block.toString("latin1", 0, Math.max(end - 1, 0)).split(" ");
  if (name !== format) throw block.includes("LastIndex") ? ofConsul() : notASnapshot();
  if (Number(written) > version) throw newer(Number(written));
  if (!/^\d{1,15}$/.test(index ?? "")) throw notASnapshot();
  return Number(index);
}

/** Returns the offset at which the row at `at` ends, or a lower bound if the block does not have the row's lengths yet. */
function endOfRow(block: Buffer, at: number): number {
  const lengthsEnd = at + headerBytes;
  if (lengthsEnd > block.length) return lengthsEnd;
  return lengthsEnd + block.readUInt32LE(at) + block.readUInt32LE(at + 4) + block.readUInt32LE(at + 8);
}

function unpackRow(block: Buffer, at: number, end: number): Row {
  const keyAt = at + headerBytes + block.readUInt32LE(at);
  const valueAt = keyAt + block.readUInt32LE(at + 4);
  try {
    const table = decoder.decode(block.subarray(at + headerBytes, keyAt));
    return { table, key: decoder.decode(block.subarray(keyAt, valueAt)), value: block.subarray(valueAt, end) };
  } catch (cause) {
    throw damaged("a name in it is not UTF-8", cause);
  }
}

/** Returns whether the bytes decode to a valid row of its table that matches its key and is not newer than the snapshot. */
function isReadable({ table: name, key, value }: Row, newest: number): boolean {
  const table = tableNamed(name);
  if (!table?.isSound) return false;
  try {
    const row = table.decode(value, key);
    return table.isSound(row) && table.key(row) === key && modifyIndexOf(row) <= newest;
  } catch {
    return false;
  }
}

/** Returns a message about the first row that refers to a missing row, or undefined if all references exist. */
function missingReference(state: State): string | undefined {
  for (const table of tables) {
    if (!table.missing) continue;
    for (const row of state[table.rows].values()) {
      const missing = table.missing(row, state);
      if (missing !== undefined) return missing;
    }
  }
  return undefined;
}

function damaged(what: string, cause?: unknown): OperatingError {
  const message = `the snapshot is damaged: ${what}. Nothing was changed; use another copy or another snapshot.`;
  return new OperatingError("invalid", "snapshot-damaged", message, { cause });
}

function notASnapshot(): OperatingError {
  const message = "state.bin is not a state that Praetor has saved. Nothing was changed; use a snapshot of a Praetor.";
  return new OperatingError("invalid", "snapshot-foreign", message);
}

function ofConsul(): OperatingError {
  const message =
    "this is a snapshot of HashiCorp's Consul, which cannot be restored here. Nothing was changed. " +
    "praetor import -from-consul=FILE takes its keys and services over.";
  return new OperatingError("invalid", "snapshot-foreign", message);
}

function newer(found: number): OperatingError {
  const message =
    `the snapshot has version ${found} of the format, and this Praetor reads up to ${version}. ` +
    "Nothing was changed; restore it with the Praetor that saved it, or a newer one.";
  return new OperatingError("invalid", "snapshot-newer", message);
}
