import { readdirSync, statSync } from "node:fs";
import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { type Clock, sleep } from "./clock.ts";
import { messageOf, OperatingError } from "./errors.ts";
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
  /** Called when records are dropped, with their number and the reason. */
  readonly onDropped: (count: number, why: string) => void;
  /** Called when the file's last line was not whole, and was cut off. */
  readonly onTorn: (bytes: number) => void;
}

/** The part of an open file that a chained file uses. */
export type OpenFile = Pick<FileHandle, "appendFile" | "truncate" | "stat" | "read" | "datasync" | "close">;

/** Maximum number of records that wait for the disk. */
export const waitingMax = 4096;

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
  readonly #waiting: object[] = [];
  #dropped = 0;
  #writing: Promise<void> | undefined;
  #isClosed = false;

  private constructor(options: ChainedFileOptions, file: OpenFile, { bytes, end }: Opened) {
    this.#options = options;
    this.#openFile = options.openFile ?? openOwned;
    this.#file = file;
    this.#bytes = bytes;
    this.#end = end;
    this.#openedMs = options.clock.monotonicMs();
  }

  /** Opens the file, and continues its chain. @throws OperatingError unavailable when the file cannot be used */
  static async open(options: ChainedFileOptions): Promise<ChainedFile> {
    const { path } = options;
    let file: OpenFile | undefined;
    try {
      file = await (options.openFile ?? openOwned)(path);
      return new ChainedFile(options, file, await openEnd(file, options));
    } catch (cause) {
      await file?.close();
      const message = `cannot write the audit log ${path}: ${messageOf(cause)}. Choose another path in audit.sink.`;
      throw new OperatingError("unavailable", "audit-log", message, { cause });
    }
  }

  append(record: object): void {
    if (this.#isClosed) return;
    if (this.#waiting.length >= waitingMax) return this.#drop(1, "the disk is too slow");
    this.#waiting.push(record);
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
  }

  /** Writes what waits and syncs the file. Gives up after five seconds. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const finish = async (): Promise<void> => {
      await this.#writing;
      if (this.#dropped > 0) await this.#writeAll([]);
      await this.#file.datasync();
      await this.#file.close();
    };
    await Promise.race([finish(), sleep(this.#options.clock, closeMs)]);
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#rotateIfDue();
      await this.#writeAll(this.#takeUntilRotation());
    }
  }

  /** Takes the records that still belong into this file. A record is of a few hundred bytes, so the limit may be passed by one. */
  #takeUntilRotation(): object[] {
    const { rotateBytes } = this.#options;
    if (rotateBytes <= 0) return this.#waiting.splice(0);
    let [count, bytes] = [0, this.#bytes];
    while (count < this.#waiting.length && (count === 0 || bytes < rotateBytes)) {
      bytes += Buffer.byteLength(JSON.stringify(this.#waiting[count])) + chainBytes;
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
      const next = chained(record, end);
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
      await rename(path, freeName(path, clock.wallMs()));
      const old = this.#file;
      this.#file = await this.#openFile(path);
      this.#bytes = 0;
      this.#openedMs = clock.monotonicMs();
      await old.datasync();
      await old.close();
      const rotated = rotatedFiles(path);
      const tooMany = rotatedFilesMax > 0 ? Math.max(rotated.length - rotatedFilesMax, 0) : 0;
      for (const name of rotated.slice(0, tooMany)) await unlink(name);
    } catch {
      // The log goes on in the file that it has: a file that is too long loses nothing.
    }
  }
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
async function openEnd(file: OpenFile, { path, onTorn }: ChainedFileOptions): Promise<Opened> {
  const { size } = await file.stat();
  const { line, torn } = await lastLine(file, size);
  if (torn > 0) {
    await file.truncate(size - torn);
    onTorn(torn);
  }
  const newest = rotatedFiles(path).at(-1);
  const last = line ?? (newest === undefined ? undefined : await lastLineOf(newest));
  return { bytes: size - torn, end: (last === undefined ? undefined : readChained(last)) ?? emptyChain };
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
