import { readdirSync, statSync } from "node:fs";
import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { type Clock, sleep, type Timer } from "./clock.ts";
import { messageOf, OperatingError } from "./errors.ts";
import { isMissing } from "./file-failure.ts";
import { chained, type ChainEnd, emptyChain, readChained } from "./hash-chain.ts";

export interface ChainedFileOptions {
  readonly path: string;
  /** Size in bytes at which the file is rotated; 0 for no limit of size. */
  readonly rotateBytes: number;
  /** Age at which the file is rotated, in milliseconds since it was opened; 0 for no limit of age. */
  readonly rotateAfterMs: number;
  /** Number of rotated files to keep; 0 keeps all. */
  readonly rotatedFilesMax: number;
  readonly clock: Clock;
  /** Opens a file to append to it and to read it; default: the real one. */
  readonly openFile?: (path: string) => Promise<OpenFile>;
  /** Returns the record that says how many records were dropped before it. */
  readonly describeDropped: (count: number) => object;
  /** The key of the chain, and the end that it had once. Without it the chain has no key, and its end is not kept. */
  readonly anchor?: ChainAnchor | undefined;
  /** Returns the record that says that the file had lines up to the number `kept`, and has them up to `found` only. */
  readonly describeMissing: (missing: MissingLines) => object;
  /** Called at the start when lines at the file's end are missing. */
  readonly onMissing: (missing: MissingLines) => void;
  /** Called when the end of the chain cannot be kept. */
  readonly onNotKept: (why: string) => void;
  /** Called when records are dropped, with their number and the reason. */
  readonly onDropped: (count: number, why: string) => void;
  /** Called when the file's last line was not whole, and was cut off. */
  readonly onTorn: (bytes: number) => void;
}

/** Makes lines that are rewritten or cut off visible. */
export interface ChainAnchor {
  readonly key: Uint8Array;
  /** The end of the chain when it was last kept; undefined for none. */
  readonly kept: ChainEnd | undefined;
  readonly keep: (end: ChainEnd) => Promise<void>;
}

export interface MissingLines {
  /** The number of the last whole line; 0 for none. */
  readonly found: number;
  readonly kept: number;
}

/** The part of an open file that a chained file uses. */
export type OpenFile = Pick<FileHandle, "appendFile" | "truncate" | "stat" | "read" | "datasync" | "close">;

/** Maximum number of records that wait for the disk. */
export const waitingMax = 4096;

/**
 * The time between a write and the keeping of the chain's end, in milliseconds. The lines are synced first, so that a power cut never leaves
 * a kept end that the file has not reached. A shorter time would cost a gateway's flash more.
 */
export const keepAfterMs = 60_000;

/** How long `close` waits for a disk that does not take the last records, in milliseconds. */
const closeMs = 5_000;

/**
 * Appends records as JSON lines to a file, each chained to the one before (hash-chain.ts), also over rotation and restarts. Rotation
 * renames `audit.json` to `audit-<milliseconds since 1970>.json`.
 *
 * `append` never waits: a record waits in memory for the disk, and is dropped when 4,096 others wait, or when the disk refuses it. A
 * record in the file says how many were dropped before it. Only the file's owner can read and write it.
 */
export class ChainedFile {
  readonly #options: ChainedFileOptions;
  readonly #openFile: (path: string) => Promise<OpenFile>;
  #file: OpenFile;
  #bytes: number;
  #openedMs: number;
  #end: ChainEnd;
  #keptSequence: number;
  #keeping: Promise<void> | undefined;
  #keepTimer: Timer | undefined;
  readonly #waiting: Waiting[] = [];
  #dropped = 0;
  #isWriting = false;
  #written: Promise<void> = Promise.resolve();
  #isClosed = false;

  private constructor(options: ChainedFileOptions, file: OpenFile, { bytes, end }: Opened) {
    this.#options = options;
    this.#openFile = options.openFile ?? openOwned;
    this.#file = file;
    this.#bytes = bytes;
    this.#end = end;
    this.#keptSequence = options.anchor?.kept?.sequence ?? 0;
    this.#openedMs = options.clock.monotonicMs();
  }

  /** Opens the file, and continues its chain. @throws OperatingError unavailable when the file cannot be used */
  static async open(options: ChainedFileOptions): Promise<ChainedFile> {
    const { path, anchor } = options;
    let file: OpenFile | undefined;
    try {
      file = await (options.openFile ?? openOwned)(path);
      const opened = await openEnd(file, options);
      const missing = missingLines(opened.end, anchor?.kept);
      // The numbers go on from the kept end, so that the gap stays visible.
      const chain = new ChainedFile(options, file, { ...opened, end: (missing && anchor?.kept) ?? opened.end });
      if (missing) {
        options.onMissing(missing);
        void chain.append(options.describeMissing(missing));
      }
      return chain;
    } catch (cause) {
      await file?.close();
      const message = `cannot write the audit log ${path}: ${messageOf(cause)}. Choose another path in audit.sink.`;
      throw new OperatingError("unavailable", "audit-log", message, { cause });
    }
  }

  /** Resolves when the system has the record, or it was dropped. */
  append(record: object): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    if (this.#waiting.length >= waitingMax) {
      this.#drop(1, "the disk is too slow");
      return Promise.resolve();
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ record, end: resolve });
    if (!this.#isWriting) this.#written = this.#write();
    return promise;
  }

  /** Writes what waits, syncs the file and keeps the chain's end. Gives up after five seconds. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#keepTimer?.cancel();
    const finish = async (): Promise<void> => {
      await this.#written;
      if (this.#dropped > 0) await this.#writeAll([]);
      await this.#keeping;
      await this.#keep();
      await this.#file.datasync();
      await this.#file.close();
    };
    await Promise.race([finish(), sleep(this.#options.clock, closeMs)]);
  }

  /** Writes until no record waits. It ends in the turn in which it sees that, so a record that comes later starts it again. */
  async #write(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      await this.#rotateIfDue();
      const taken = this.#takeUntilRotation();
      await this.#writeAll(taken.map(({ record }) => record));
      for (const { end } of taken) end();
    }
    this.#isWriting = false;
    if (!this.#isClosed && this.#end.sequence > this.#keptSequence)
      this.#keepTimer ??= this.#options.clock.schedule(keepAfterMs, () => this.#beginKeeping());
  }

  #beginKeeping(): void {
    this.#keepTimer = undefined;
    this.#keeping = this.#keep().finally(() => (this.#keeping = undefined));
  }

  /** Syncs the lines, then keeps the chain's end. A failure leaves the end that was kept before, which is true, too. */
  async #keep(): Promise<void> {
    const { anchor } = this.#options;
    const end = this.#end;
    if (!anchor || end.sequence <= this.#keptSequence) return;
    try {
      await this.#file.datasync();
      await anchor.keep(end);
      this.#keptSequence = end.sequence;
    } catch (error) {
      this.#options.onNotKept(messageOf(error));
    }
  }

  /** Takes the records that still belong into this file. A record is of a few hundred bytes, so the limit may be passed by one. */
  #takeUntilRotation(): Waiting[] {
    const { rotateBytes } = this.#options;
    if (rotateBytes <= 0) return this.#waiting.splice(0);
    let [count, bytes] = [0, this.#bytes];
    while (count < this.#waiting.length && (count === 0 || bytes < rotateBytes)) {
      bytes += Buffer.byteLength(JSON.stringify(this.#waiting[count]?.record)) + chainBytes;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #writeAll(records: readonly object[]): Promise<void> {
    const told = this.#dropped;
    const all = told > 0 ? [this.#options.describeDropped(told), ...records] : records;
    let end = this.#end;
    let text = "";
    for (const record of all) {
      const next = chained(record, end, this.#options.anchor?.key);
      ({ end } = next);
      text += `${next.line}\n`;
    }
    try {
      await this.#file.appendFile(text);
      this.#end = end;
      this.#bytes += Buffer.byteLength(text);
      this.#dropped -= told;
    } catch (error) {
      this.#drop(records.length, messageOf(error));
      // A part of the text may be in the file.
      await this.#file.truncate(this.#bytes).catch(() => {});
    }
  }

  #drop(count: number, why: string): void {
    this.#dropped += count;
    this.#options.onDropped(count, why);
  }

  async #rotateIfDue(): Promise<void> {
    const { rotateBytes, rotateAfterMs, rotatedFilesMax, path, clock } = this.#options;
    const isFull = rotateBytes > 0 && this.#bytes >= rotateBytes;
    const isOld = rotateAfterMs > 0 && clock.monotonicMs() - this.#openedMs >= rotateAfterMs;
    if (this.#bytes === 0 || !(isFull || isOld)) return;
    try {
      // Another program may have moved the file away; then a new one begins, too.
      await rename(path, freeName(path, clock.wallMs())).catch(unlessAbsent);
      const next = await this.#openFile(path);
      await this.#keeping;
      const old = this.#file;
      // Until its lines are synced, the end of the chain may not be kept.
      await old.datasync().catch(() => {});
      [this.#file, this.#bytes, this.#openedMs] = [next, 0, clock.monotonicMs()];
      await old.close();
      const rotated = rotatedFiles(path);
      const tooMany = rotatedFilesMax > 0 ? Math.max(rotated.length - rotatedFilesMax, 0) : 0;
      for (const name of rotated.slice(0, tooMany)) await unlink(name);
    } catch {
      // The log goes on in the file that it has: a file that is too long loses nothing.
    }
  }
}

/** A record that waits for the disk. */
interface Waiting {
  readonly record: object;
  readonly end: () => void;
}

function missingLines(end: ChainEnd, kept: ChainEnd | undefined): MissingLines | undefined {
  if (!kept || end.sequence > kept.sequence) return undefined;
  const isSame = end.sequence === kept.sequence && end.hash === kept.hash;
  return isSame ? undefined : { found: end.sequence, kept: kept.sequence };
}

function unlessAbsent(error: unknown): void {
  if (!isMissing(error)) throw error;
}

/** The length of the three fields that chain a line, about. */
const chainBytes = 180;

interface Opened {
  readonly bytes: number;
  readonly end: ChainEnd;
}

async function openOwned(path: string): Promise<FileHandle> {
  const file = await open(path, "a+", 0o600);
  // The mode above holds for a new file only.
  await file.chmod(0o600);
  return file;
}

/** Returns the end of the file's chain, else that of the newest rotated file. Cuts off a last line that a crash left unfinished. */
async function openEnd(file: OpenFile, { path, onTorn, anchor }: ChainedFileOptions): Promise<Opened> {
  const { size } = await file.stat();
  const { line, torn } = await lastLine(file, size);
  if (torn > 0) {
    await file.truncate(size - torn);
    onTorn(torn);
  }
  const newest = rotatedFiles(path).at(-1);
  const last = line ?? (newest === undefined ? undefined : await lastLineOf(newest));
  return { bytes: size - torn, end: (last === undefined ? undefined : readChained(last, anchor?.key)) ?? emptyChain };
}

async function lastLineOf(path: string): Promise<string | undefined> {
  const file = await open(path, "r");
  try {
    return (await lastLine(file, (await file.stat()).size)).line;
  } finally {
    await file.close();
  }
}

/** Returns the last whole line, undefined in a file without one, and the number of bytes after it. */
async function lastLine(
  file: Pick<OpenFile, "read">,
  size: number,
): Promise<{ readonly line: string | undefined; readonly torn: number }> {
  for (let length = Math.min(size, 65_536); ; length = Math.min(size, length * 2)) {
    const tail = Buffer.alloc(length);
    if (length > 0) await file.read(tail, 0, length, size - length);
    const end = tail.lastIndexOf(10);
    const before = end < 1 ? -1 : tail.lastIndexOf(10, end - 1);
    if (before >= 0 || length === size) {
      const line = end < 0 ? undefined : tail.subarray(before + 1, end).toString();
      return { line, torn: length - end - 1 };
    }
  }
}

/** Returns the paths of the rotated files of a chained file, oldest first. */
export function rotatedFiles(path: string): string[] {
  const end = extname(path);
  const begin = `${basename(path, end)}-`;
  const timeOf = (name: string): number => Number(name.slice(begin.length, name.length - end.length));
  return readdirSync(dirname(path))
    .filter((name) => name.startsWith(begin) && name.endsWith(end))
    .filter((name) => /^\d+$/.test(name.slice(begin.length, name.length - end.length)))
    .toSorted((a, b) => timeOf(a) - timeOf(b))
    .map((name) => join(dirname(path), name));
}

/** Returns the name for a rotated file: later than those of all others, also when the clock was set back. */
function freeName(path: string, nowMs: number): string {
  const end = extname(path);
  const stem = path.slice(0, path.length - end.length);
  const newest = rotatedFiles(path).at(-1);
  const newestMs = newest === undefined ? 0 : Number(newest.slice(stem.length + 1, newest.length - end.length));
  let atMs = Math.max(nowMs, newestMs + 1);
  while (statSync(`${stem}-${atMs}${end}`, { throwIfNoEntry: false })) atMs += 1;
  return `${stem}-${atMs}${end}`;
}
