import { closeSync, openSync, readSync } from "node:fs";
import { newestBatchOf, newestSoundBatchOf } from "./log-page.ts";

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
 * - a batch after the next one: it was written when the next one was durable. A batch has a checksum of its own, so it
 *   counts also in a page whose frame is not whole, or follows one that is not; or
 * - a third transaction that changed the log; or
 * - anything, when it is the header that is wrong: it is synced before the first frame is written.
 *
 * Not told from a power cut is damage to the newest batch in the WAL, and to the one before where a block that is damaged has
 * the end of it and the beginning of the newest.
 *
 * A frame is, big-endian: u32 page | u32 pages of the file, at the end of a transaction, else 0 | salts | checksum | the page.
 */

const pageBytes = 4_096;
const walHeaderBytes = 32;
const frameHeaderBytes = 24;
const frameBytes = frameHeaderBytes + pageBytes;
/** Its last bit would say that the words of checksums are big-endian; they are the machine's. */
const walMagic = 0x377f0682;
/** What the pages of the rows begin with; those of the batches begin otherwise. */
const rowPages: readonly number[] = [0x02, 0x0a];
const logChangesUnsyncedMax = 2;

/**
 * Where the damage is, and what shows it. Undefined also for a WAL that is not there.
 * @param newestStored the newest batch that the store's file has without its WAL; asked only where none is before the break
 */
export function findWalDamage(file: string, newestStored: () => number | undefined): string | undefined {
  let handle: number;
  try {
    handle = openSync(file, "r");
  } catch {
    return undefined;
  }
  try {
    return new WalCheck(handle, newestStored).damage();
  } finally {
    closeSync(handle);
  }
}

type Checksum = readonly [number, number];

class WalCheck {
  readonly #handle: number;
  readonly #newestStored: () => number | undefined;
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

  constructor(handle: number, newestStored: () => number | undefined) {
    this.#handle = handle;
    this.#newestStored = newestStored;
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
    if (this.#newestBehind === 0) return false;
    if (this.#logChangesBehind > logChangesUnsyncedMax) return true;
    const newest = this.#newestBefore > 0 ? this.#newestBefore : this.#newestStored();
    return newest !== undefined && this.#newestBehind > newest + 1;
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
    this.#readFrameItself(at);
    if (this.#breakAt !== undefined)
      this.#newestBehind = Math.max(this.#newestBehind, newestSoundBatchOf(this.#frame.subarray(frameHeaderBytes)));
  }

  #readFrameItself(at: number): void {
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
    this.#newestBatch = Math.max(this.#newestBatch, newestBatchOf(this.#frame.subarray(frameHeaderBytes)));
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
