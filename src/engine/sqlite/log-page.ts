import { checksumOf } from "./batch-log.ts";

/*
 * What a page of the table of batches says of them, read from its bytes: for looking at a page that SQLite does not
 * show, out of a WAL that breaks off. The newest batch is the last of the page's cells:
 *
 *   0x0d | u16 | u16 cells | ... | u16 place of each cell | ... | the cells:
 *   varint bytes of the row | varint seq | header of the row: its length, 0, type of the batch, type of the checksum | batch | checksum
 */

const pageBytes = 4_096;
/** What a page of the table of batches begins with that has some of them; those of the rows begin otherwise. */
const logLeaf = 0x0d;
/** A row that takes more goes on in other pages. */
const rowBytesMax = pageBytes - 35;
/** Of numbers, by their types in a row's header. */
const numberBytes = [0, 1, 2, 3, 4, 6, 8] as const;
const [typeOfZero, typeOfOne, typeOfBlob] = [8, 9, 12];

/** 0 for a page that has none, and for page 1, which begins with the file's header. */
export function newestBatchOf(page: Buffer): number {
  const cell = lastCellOf(page);
  return cell === undefined ? 0 : varint(page, varint(page, cell).next).value;
}

/** The same, only where all of the batch is in the page and its checksum is right: so no chance, and no half of a page. */
export function newestSoundBatchOf(page: Buffer): number {
  const cell = lastCellOf(page);
  if (cell === undefined) return 0;
  const row = varint(page, cell);
  const seq = varint(page, row.next);
  if (row.value > rowBytesMax || seq.next + row.value > pageBytes) return 0;
  const header = varint(page, seq.next);
  // Of the number, which is the row's own, nothing is stored.
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
  // A checksum has no sign, so 6 bytes hold it.
  if (bytes === undefined || bytes === 0 || bytes > 6 || !Number.isInteger(at) || at + bytes > pageBytes)
    return undefined;
  return page.readIntBE(at, bytes);
}

/** SQLite's number of 1 to 9 bytes, seven bits each, the highest first. */
function varint(bytes: Uint8Array, at: number): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let next = at; next < at + 8; next++) {
    const byte = bytes[next] ?? 0;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, next: next + 1 };
  }
  return { value, next: at + 9 };
}
