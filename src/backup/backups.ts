import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, sleep } from "../lib/clock.ts";
import { formatDuration } from "../lib/duration.ts";
import { messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { syncFolder, writeFileWhole } from "../lib/write-file-whole.ts";
import {
  asSent,
  type BackupFile,
  backupFile,
  backupsAmong,
  isUnfinished,
  type Retention,
  superfluous,
} from "./backup-file.ts";
import { sendBackup } from "./send-backup.ts";

/*
 * Saves snapshots on a schedule.
 *
 *     due ─▶ write to a temporary file, sync ─▶ verify ─▶ rename ─▶ delete old ones ─▶ hand it to the program ─▶ wait
 *      ▲                                                                                                        │
 *      └────────── a failure of any step: log, wait a minute, twice as long after each failure, at most an hour ◀┘
 *
 * The folder is the only record: the name of the newest backup tells when the next is due, and whether the program has it. So a
 * restart loses nothing, and nothing is written besides the backups.
 *
 * A backup is due when the interval has passed since the last, by the wall clock, which counts the time in which the agent did not
 * run, or by the monotonic clock, which does not jump. Each name is later than all others, so a wall clock that jumps ahead causes
 * one backup, and one that goes back none.
 */

export interface BackupsOptions extends Retention {
  readonly folder: string;
  readonly intervalMs: number;
  /** The program that takes each backup on its standard input; empty for none. */
  readonly program: readonly string[];
  readonly node: string;
  /** Returns the bytes of a snapshot, and the state's index. @throws OperatingError */
  readonly take: () => Promise<{ readonly index: number; readonly archive: ReadableStream<Uint8Array> }>;
  /** Loads a snapshot from its bytes. @throws OperatingError if it could not be restored */
  readonly verify: (archive: ReadableStream<Uint8Array<ArrayBuffer>>) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

const minuteMs = 60_000;
const retryMsMax = 60 * minuteMs;
/** The time that the program has for one backup. */
const programMsMax = 60 * minuteMs;

export class Backups {
  readonly #options: BackupsOptions;
  #newest: BackupFile | undefined;
  /** The monotonic time of the last backup, or of the start. */
  #lastMs = 0;
  #isRunning = false;
  #failures = 0;

  constructor(options: BackupsOptions) {
    this.#options = options;
  }

  /** The age of the newest backup in milliseconds; undefined without one, and while this server makes none. */
  get ageMs(): number | undefined {
    if (!this.#isRunning || !this.#newest) return undefined;
    return Math.max(0, this.#options.clock.wallMs() - this.#newest.takenMs);
  }

  /** Whether the last attempt failed; undefined while this server makes no backups. */
  get hasFailed(): boolean | undefined {
    return this.#isRunning ? this.#failures > 0 : undefined;
  }

  /** Makes backups until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    this.#isRunning = true;
    this.#failures = 0;
    this.#lastMs = clock.monotonicMs();
    await this.#attempt(signal, () => this.#open());
    while (!signal.aborted) {
      await sleep(clock, this.#waitMs(), signal);
      if (!signal.aborted) await this.#attempt(signal, () => this.#catchUp(signal));
    }
    this.#isRunning = false;
  }

  /** Does what is missing: the backup that is due, and its way to the program. */
  async #catchUp(signal: AbortSignal): Promise<void> {
    if (this.#dueInMs() === 0) await this.#save(signal);
    if (this.#newest && this.#isOwed(this.#newest)) await this.#send(this.#newest, signal);
  }

  /** Returns whether the program has yet to take a backup. */
  #isOwed({ isUnsent }: BackupFile): boolean {
    return isUnsent && this.#options.program.length > 0;
  }

  #waitMs(): number {
    if (this.#failures > 0) return this.#retryMs();
    if (this.#newest && this.#isOwed(this.#newest)) return 0;
    // Not longer than a minute, since the wall clock may jump.
    return Math.min(this.#dueInMs(), minuteMs);
  }

  /** Returns the milliseconds until the next backup is due. */
  #dueInMs(): number {
    const { clock, intervalMs } = this.#options;
    const byWall = this.#newest ? this.#newest.takenMs + intervalMs - clock.wallMs() : 0;
    return Math.max(0, Math.min(byWall, this.#lastMs + intervalMs - clock.monotonicMs()));
  }

  #retryMs(): number {
    return Math.min(minuteMs * 2 ** (this.#failures - 1), retryMsMax, this.#options.intervalMs);
  }

  async #attempt(signal: AbortSignal, act: () => Promise<void>): Promise<void> {
    try {
      await act();
      this.#failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      this.#failures += 1;
      const { folder, log } = this.#options;
      const retry = formatDuration(this.#retryMs());
      log.error("The backup failed", { folder, error: messageOf(error), retry_in: retry });
    }
  }

  /** Finds the newest backup, and removes what an agent that was killed has left. */
  async #open(): Promise<void> {
    const { folder, node } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const names = await readdir(folder);
    for (const name of names.filter((each) => isUnfinished(each, node)))
      await rm(join(folder, name), { recursive: true, force: true });
    [this.#newest] = backupsAmong(names, node);
  }

  async #save(signal: AbortSignal): Promise<void> {
    const { clock, folder, log, node, program, take, verify } = this.#options;
    await this.#open();
    const secondMs = Math.floor(clock.wallMs() / 1_000) * 1_000;
    const takenMs = Math.max(secondMs, (this.#newest?.takenMs ?? 0) + 1_000);
    const file = backupFile(node, takenMs, program.length > 0);
    const { index, archive } = await take();
    await writeFileWhole(join(folder, file.name), until(signal, archive), {
      what: "backup",
      verify: (path) => verify(Bun.file(path).stream()),
    });
    [this.#newest, this.#lastMs] = [file, clock.monotonicMs()];
    log.info("Saved and verified a backup", { file: join(folder, file.name), index });
    await this.#prune();
  }

  async #prune(): Promise<void> {
    const { clock, folder, node } = this.#options;
    const backups = backupsAmong(await readdir(folder), node);
    for (const { name } of superfluous(backups, this.#options, clock.wallMs()))
      await rm(join(folder, name), { force: true });
  }

  async #send(file: BackupFile, signal: AbortSignal): Promise<void> {
    const { clock, folder, log, program } = this.#options;
    const sent = asSent(file);
    const path = join(folder, file.name);
    await sendBackup(program, { path, name: sent.name, clock, signal, timeoutMs: programMsMax });
    await rename(path, join(folder, sent.name));
    await syncFolder(folder);
    this.#newest = sent;
    log.info("The program has taken the backup", { name: sent.name });
  }
}

/** Yields the blocks of a stream. @throws the signal's reason when it aborts */
async function* until(signal: AbortSignal, archive: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const block of archive) {
    signal.throwIfAborted();
    yield block;
  }
}
