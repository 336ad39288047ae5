import { checksumOf } from "./batch-log.ts";

/*
 * Reads the newest batch from the bytes of one B-tree page of the table of batches. SQLite does not read pages of a WAL after the
 * first invalid frame, so wal-damage.ts needs its own reader. The newest batch is the last of the page's cells:
 *
 *   0x0d | u16 | u16 cells | ... | u16 offset of each cell | ... | the cells:
 *   varint bytes of the row | varint seq | header of the row: its length, 0, type of the batch, type of the checksum | batch | checksum
 *
 * SQLite: "Database File Format", 1.6 and 2.1.
 */

const pageBytes = 4_096;
/** The first byte of a leaf page of the table of batches. Pages of the table of rows begin with other bytes. */
const logLeaf = 0x0d;
/** The maximum length in bytes of a row that fits in one page. A longer row continues on overflow pages. */
const rowBytesMax = pageBytes - 35;
/** Number of bytes that an integer takes, by its type in the row's header. */
const numberBytes = [0, 1, 2, 3, 4, 6, 8] as const;
const [typeOfZero, typeOfOne, typeOfBlob] = [8, 9, 12];

/**
 * Returns the number of the newest batch in a page; 0 for a page without batches, and for page 1, which begins with the
 * file's header.
 */
export function newestBatchOf(page: Buffer): number {
  const cell = lastCellOf(page);
  return cell === undefined ? 0 : varint(page, varint(page, cell).next).value;
}

/**
 * Returns the number of the newest batch in a page if the page contains the whole batch with a right checksum, else 0: a
 * torn page must not be taken for a batch.
 */
export function newestSoundBatchOf(page: Buffer): number {
  const cell = lastCellOf(page);
  if (cell === undefined) return 0;
  const row = varint(page, cell);
  const seq = varint(page, row.next);
  if (row.value > rowBytesMax || seq.next + row.value > pageBytes) return 0;
  const header = varint(page, seq.next);
  // SQLite stores seq as the rowid only: its column has type 0, one byte in the header.
  const batchType = varint(page, header.next + 1);
  const checksumType = varint(page, batchType.next);
  const batchAt = seq.next + header.value;
  const batchEnd = batchAt + (batchType.value - typeOfBlob) / 2;
  const checksum = numberAt(page, batchEnd, checksumType.value);
  if (checksum === undefined || batchEnd < batchAt || batchEnd > seq.next + row.value) return 0;
  return checksumOf(seq.value, page.subarray(batchAt, batchEnd)) === checksum ? seq.value : 0;
}

function lastCellOf(page: Buffer): number | undefined {
  const cells = page.readUInt16BE(3);
  if (page[0] !== logLeaf || cells === 0 || cells > pageBytes / 4) return undefined;
  return page.readUInt16BE(8 + 2 * (cells - 1));
}

function numberAt(page: Buffer, at: number, type: number): number | undefined {
  if (type === typeOfZero || type === typeOfOne) return type - typeOfZero;
  const bytes = numberBytes[type];
  // A checksum is an unsigned 32-bit number, so SQLite stores it in at most 6 bytes.
  if (bytes === undefined || bytes === 0 || bytes > 6 || !Number.isInteger(at) || at + bytes > pageBytes)
    return undefined;
  return page.readIntBE(at, bytes);
}

/** Decodes SQLite's varint: 1 to 9 bytes, seven bits each, big-endian. */
function varint(bytes: Uint8Array, at: number): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let next = at; next < at + 8; next++) {
    const byte = bytes[next] ?? 0;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, next: next + 1 };
  }
  return { value, next: at + 9 };
}
