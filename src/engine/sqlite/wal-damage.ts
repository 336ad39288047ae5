import { closeSync, openSync, readSync } from "node:fs";
import { newestBatchOf, newestSoundBatchOf } from "./log-page.ts";

/*
 * Distinguishes a damaged WAL from one with a torn write at its end. SQLite reads the WAL up to the first frame with a wrong
 * checksum and takes that for the end, as after a torn write. It treats damage in the middle the same way, and silently loses
 * every later transaction. But a frame's checksum continues the checksum that the previous frame stores. So frames after the
 * invalid one can be verified, and distinguished from older frames that SQLite has not overwritten yet:
 *
 *   [header][frame][frame][invalid frame][frame][frame][older frames, with other salts]
 *                                        ^ valid frames
 *
 * A power cut can also leave valid frames after an invalid one, from writes that were not synced: steps of a fold, of which only
 * the last changes the log; and one commit, as the store syncs each commit before it writes the next. So the WAL is damaged, and
 * not torn by a power cut, if after the first invalid frame there is
 *
 * - a batch numbered at least two above the newest batch before that frame: the store wrote it when the batch between was
 *   durable. A batch has its own checksum, so it counts also in a page whose frame is invalid; or
 * - a third transaction that changed the log; or
 * - any valid frame, when the WAL's header is invalid: SQLite syncs the header before it writes the first frame.
 *
 * Two cases look like a torn write: damage to the newest batch in the WAL, and damage to a disk block that has the end of the
 * batch before it and the beginning of the newest.
 *
 * A frame is, big-endian: u32 page | u32 pages of the file, at the end of a transaction, else 0 | salts | checksum | the page.
 */

const pageBytes = 4_096;
const walHeaderBytes = 32;
const frameHeaderBytes = 24;
const frameBytes = frameHeaderBytes + pageBytes;
/** The magic number of a little-endian machine. The last bit is set when checksums use big-endian words. */
const walMagic = 0x377f0682;
/** The bytes with which pages of the table of rows can begin. Pages of the log begin with other bytes. */
const rowPages: readonly number[] = [0x02, 0x0a];
const logChangesUnsyncedMax = 2;

/**
 * Describes the damage and its offset. Returns undefined for a WAL that is sound, torn at its end, or missing.
 * @param newestStored returns the newest batch of the store's file without its WAL; called only when the WAL has no batch
 * before its first invalid frame
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
  /** The checksums that the next frame's checksum may continue: the previous frame's, as stored and as computed. */
  #before: readonly Checksum[] = [];
  #salts: bigint | undefined;
  #invalidAt: number | undefined;
  /** The number of the newest batch before the first invalid frame; 0 if no batch precedes that frame. */
  #newestBefore = 0;
  #newestAfter = 0;
  #validFramesAfter = 0;
  #logChangesAfter = 0;
  /** The number of the newest batch in the transaction that is being read. */
  #newestBatch = 0;
  #changesRows = false;

  constructor(handle: number, newestStored: () => number | undefined) {
    this.#handle = handle;
    this.#newestStored = newestStored;
  }

  damage(): string | undefined {
    if (!this.#read(0, walHeaderBytes)) return undefined;
    const isHeaderValid = this.#readHeader();
    if (!isHeaderValid) this.#invalidAt = 0;
    for (let at = walHeaderBytes; this.#read(at, frameBytes); at += frameBytes) this.#readFrame(at);
    if (isHeaderValid ? !this.#hasDurableAfter() : this.#validFramesAfter === 0) return undefined;
    return `its WAL is invalid at byte ${this.#invalidAt}, and valid data follows`;
  }

  #hasDurableAfter(): boolean {
    if (this.#newestAfter === 0) return false;
    if (this.#logChangesAfter > logChangesUnsyncedMax) return true;
    const newest = this.#newestBefore > 0 ? this.#newestBefore : this.#newestStored();
    return newest !== undefined && this.#newestAfter > newest + 1;
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
    this.#verifyFrame(at);
    if (this.#invalidAt !== undefined)
      this.#newestAfter = Math.max(this.#newestAfter, newestSoundBatchOf(this.#frame.subarray(frameHeaderBytes)));
  }

  #verifyFrame(at: number): void {
    const stored = this.#stored(16);
    if (this.#frame.readBigUInt64BE(8) !== (this.#salts ?? this.#frame.readBigUInt64BE(8))) {
      this.#before = [stored];
      this.#invalidAt ??= at;
      return;
    }
    const computed = this.#before.map((before) =>
      this.#checksum(this.#checksum(before, 0, 8), frameHeaderBytes, frameBytes),
    );
    const isValid = computed.some((one) => isSame(one, stored));
    this.#before = isValid ? [stored] : [stored, ...computed.slice(0, 1)];
    if (isValid) this.#countFrame();
    else if (this.#invalidAt === undefined) this.#endValidPart(at);
  }

  #endValidPart(at: number): void {
    this.#invalidAt = at;
    this.#endTransaction();
  }

  #countFrame(): void {
    const isAfter = this.#invalidAt !== undefined;
    if (isAfter) this.#validFramesAfter++;
    this.#newestBatch = Math.max(this.#newestBatch, newestBatchOf(this.#frame.subarray(frameHeaderBytes)));
    this.#changesRows ||= rowPages.includes(this.#frame[frameHeaderBytes] ?? 0);
    if (isAfter) this.#newestAfter = Math.max(this.#newestAfter, this.#newestBatch);
    if (this.#frame.readUInt32BE(4) === 0) return;
    if (isAfter && this.#newestBatch > 0) this.#logChangesAfter++;
    // Ignores a transaction that changes rows: the last step of a fold rewrites pages of the log that hold older batches.
    if (!isAfter && !this.#changesRows) this.#newestBefore = Math.max(this.#newestBefore, this.#newestBatch);
    this.#endTransaction();
  }

  #endTransaction(): void {
    this.#newestBatch = 0;
    this.#changesRows = false;
  }

  #stored(at: number): Checksum {
    return [this.#frame.readUInt32BE(at), this.#frame.readUInt32BE(at + 4)];
  }

  /** Continues SQLite's checksum over the bytes from `from` to `to`, in pairs of 32-bit words. */
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
