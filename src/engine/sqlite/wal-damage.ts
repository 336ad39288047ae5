import { closeSync, openSync, readSync } from "node:fs";

/*
 * SQLite reads its WAL up to the first frame whose checksum is wrong, and takes that for the end: so ends what a power cut
 * has torn. Damage in the middle looks the same to it, and would lose all that comes after without a word. But a
 * frame's checksum goes on from that of the frame before, which is stored there, so whole frames behind a break can be told
 * from remains of older ones:
 *
 *   [header][frame][frame][break][frame][frame][older frames, with other salts]
 *                                ^ as whole as on the day they were written
 *
 * A power cut leaves such frames too, of what was not synced: steps of a fold, of which one, the last, takes batches out of
 * the log; and one commit, as the next is written only when that one is synced. So it was damage, and no power cut, if behind a
 * break there is
 *
 * - a batch after the next one: it was written when the next one was durable; or
 * - a third transaction that changed the log; or
 * - anything, when it is the header that is wrong: it is synced before the first frame is written.
 *
 * Not told from a power cut is damage to the newest batch in the WAL. It takes up to four more along where a whole block is
 * damaged, or where no batch stands before it in the WAL.
 *
 * A frame is, big-endian: u32 page | u32 pages of the file, at the end of a transaction, else 0 | salts | checksum | the page.
 */

const pageBytes = 4_096;
const walHeaderBytes = 32;
const frameHeaderBytes = 24;
const frameBytes = frameHeaderBytes + pageBytes;
/** Its last bit would say that the words of checksums are big-endian; they are the machine's. */
const walMagic = 0x377f0682;
/** What a page of the table of batches begins with that has some of them; those of the rows begin otherwise. */
const logLeaf = 0x0d;
const rowPages: readonly number[] = [0x02, 0x0a];
const logChangesUnsyncedMax = 2;

/** Where the damage is, and what shows it. Undefined also for a WAL that is not there. */
export function findWalDamage(file: string): string | undefined {
  let handle: number;
  try {
    handle = openSync(file, "r");
  } catch {
    return undefined;
  }
  try {
    return new WalCheck(handle).damage();
  } finally {
    closeSync(handle);
  }
}

type Checksum = readonly [number, number];

class WalCheck {
  readonly #handle: number;
  readonly #frame: Buffer<ArrayBuffer> = Buffer.alloc(frameBytes);
  readonly #words: Uint32Array = new Uint32Array(this.#frame.buffer, this.#frame.byteOffset, frameBytes / 4);
  /** What the next frame's checksum may go on from: the one stored before it, and the one that should be. */
  #before: readonly Checksum[] = [];
  #salts: bigint | undefined;
  #breakAt: number | undefined;
  /** 0 when no commit is before the break. */
  #newestBefore = 0;
  #newestBehind = 0;
  #framesBehind = 0;
  #logChangesBehind = 0;
  /** Of the transaction that is being read. */
  #newestBatch = 0;
  #changesRows = false;

  constructor(handle: number) {
    this.#handle = handle;
  }

  damage(): string | undefined {
    if (!this.#read(0, walHeaderBytes)) return undefined;
    const isHeaderRight = this.#readHeader();
    if (!isHeaderRight) this.#breakAt = 0;
    for (let at = walHeaderBytes; this.#read(at, frameBytes); at += frameBytes) this.#readFrame(at);
    if (isHeaderRight ? !this.#goesOnTooFar() : this.#framesBehind === 0) return undefined;
    return `its WAL breaks off at byte ${this.#breakAt}, and what was written after that is there`;
  }

  #goesOnTooFar(): boolean {
    if (this.#logChangesBehind > logChangesUnsyncedMax) return true;
    return this.#newestBefore > 0 && this.#newestBehind > this.#newestBefore + 1;
  }

  #read(at: number, bytes: number): boolean {
    return readSync(this.#handle, this.#frame, 0, bytes, at) === bytes;
  }

  #readHeader(): boolean {
    const stored = this.#stored(24);
    this.#before = [stored];
    if (this.#frame.readUInt32BE(0) !== walMagic || !isSame(this.#checksum([0, 0], 0, 24), stored)) return false;
    this.#salts = this.#frame.readBigUInt64BE(16);
    return true;
  }

  #readFrame(at: number): void {
    const stored = this.#stored(16);
    if (this.#frame.readBigUInt64BE(8) !== (this.#salts ?? this.#frame.readBigUInt64BE(8))) {
      this.#before = [stored];
      this.#breakAt ??= at;
      return;
    }
    const computed = this.#before.map((before) =>
      this.#checksum(this.#checksum(before, 0, 8), frameHeaderBytes, frameBytes),
    );
    const isWhole = computed.some((one) => isSame(one, stored));
    this.#before = isWhole ? [stored] : [stored, ...computed.slice(0, 1)];
    if (isWhole) this.#note();
    else if (this.#breakAt === undefined) this.#break(at);
  }

  #break(at: number): void {
    this.#breakAt = at;
    this.#endTransaction();
  }

  #note(): void {
    const isBehind = this.#breakAt !== undefined;
    if (isBehind) this.#framesBehind++;
    this.#newestBatch = Math.max(this.#newestBatch, this.#newestBatchOfPage());
    this.#changesRows ||= rowPages.includes(this.#frame[frameHeaderBytes] ?? 0);
    if (isBehind) this.#newestBehind = Math.max(this.#newestBehind, this.#newestBatch);
    if (this.#frame.readUInt32BE(4) === 0) return;
    if (isBehind && this.#newestBatch > 0) this.#logChangesBehind++;
    // The last step of a fold leaves older batches in the log.
    if (!isBehind && !this.#changesRows) this.#newestBefore = Math.max(this.#newestBefore, this.#newestBatch);
    this.#endTransaction();
  }

  #endTransaction(): void {
    this.#newestBatch = 0;
    this.#changesRows = false;
  }

  /** 0 for a page that has none. The page's last cell is: varint bytes of the batch | varint its number | ... */
  #newestBatchOfPage(): number {
    const page = this.#frame.subarray(frameHeaderBytes);
    const cells = page.readUInt16BE(3);
    if (page[0] !== logLeaf || this.#frame.readUInt32BE(0) === 1 || cells === 0 || cells > pageBytes / 4) return 0;
    const { next } = varint(page, page.readUInt16BE(8 + 2 * (cells - 1)));
    return varint(page, next).value;
  }

  #stored(at: number): Checksum {
    return [this.#frame.readUInt32BE(at), this.#frame.readUInt32BE(at + 4)];
  }

  /** SQLite's, over pairs of words. */
  #checksum([first, second]: Checksum, from: number, to: number): Checksum {
    let a = first;
    let b = second;
    for (let word = from / 4; word < to / 4; word += 2) {
      a = (a + (this.#words[word] ?? 0) + b) >>> 0;
      b = (b + (this.#words[word + 1] ?? 0) + a) >>> 0;
    }
    return [a, b];
  }
}

function isSame(a: Checksum, b: Checksum): boolean {
  return a[0] === b[0] && a[1] === b[1];
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
