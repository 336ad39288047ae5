import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Clock, sleep } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import { httpFetch } from "../../lib/http-fetch.ts";
import { clientSocket, etcdFlags, type EtcdSettings, peerSocket } from "./etcd-flags.ts";
import { EtcdLog, type LineLog } from "./etcd-log.ts";
import type { EtcdProgram } from "./etcd-program.ts";
import { endOrphan } from "./orphan.ts";

/** An event in the life of this server's etcd. */
export type EtcdHealth =
  | { readonly state: "started"; readonly pid: number }
  /** etcd answers, and knows a leader. */
  | { readonly state: "ready"; readonly tookMs: number }
  /** etcd has ended by itself. The server starts it again after `retryMs` milliseconds. */
  | { readonly state: "ended"; readonly reason: string; readonly retryMs: number };

export interface EtcdChildOptions {
  readonly program: EtcdProgram;
  /** The folder in which etcd runs: its data and its sockets. */
  readonly folder: string;
  readonly settings: EtcdSettings;
  readonly log: LineLog;
  readonly clock: Clock;
  readonly onHealth: (health: EtcdHealth) => void;
}

const firstRetryMs = 100;
const lastRetryMs = 10_000;
/** An etcd that ran for so long is started again at once when it ends. */
const steadyMs = 60_000;
/** How long etcd may take to end by itself. Without a quorum it would take seconds, and what it has not written is in its log. */
const endMsMax = 500;
const lookMs = 25;
const answerMsMax = 200;

/**
 * The etcd that a server starts and looks after. It listens on unix sockets in its folder only.
 *
 * Life cycle: the constructor starts it; when it ends by itself, it is started again after a pause that doubles from 0.1 to 10 s;
 * `stop` ends it for good. Before each start, an etcd that an earlier run has left is ended, and its sockets are removed.
 */
export class EtcdChild {
  readonly #options: EtcdChildOptions;
  readonly #log: EtcdLog;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #process: Bun.Subprocess<"ignore", "ignore", "pipe"> | undefined;

  constructor(options: EtcdChildOptions) {
    this.#options = options;
    this.#log = new EtcdLog(options.log, options.clock);
    this.#running = this.#keepRunning();
  }

  /** Ends etcd; resolves when it has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#process?.kill("SIGTERM");
    const { clock } = this.#options;
    const timer = clock.schedule(endMsMax, () => this.#process?.kill("SIGKILL"));
    await this.#running;
    timer.cancel();
  }

  async #keepRunning(): Promise<void> {
    const { clock, log, onHealth } = this.#options;
    const { signal } = this.#stopping;
    let retryMs = firstRetryMs;
    while (!signal.aborted) {
      const startMs = clock.monotonicMs();
      const reason = await this.#run().catch(messageOf);
      if (signal.aborted) return;
      if (clock.monotonicMs() - startMs >= steadyMs) retryMs = firstRetryMs;
      log.error("etcd has ended, and is started again", { reason, retry: `${retryMs / 1_000}s` });
      onHealth({ state: "ended", reason, retryMs });
      await sleep(clock, retryMs, signal);
      retryMs = Math.min(retryMs * 2, lastRetryMs);
    }
  }

  /** Runs etcd once. Resolves with the reason when it has ended. */
  async #run(): Promise<string> {
    const { program, folder, settings, clock, log, onHealth } = this.#options;
    const startMs = clock.monotonicMs();
    const { signal } = this.#stopping;
    const orphan = await endOrphan({ program: program.path, folder, id: settings.id }, clock, signal);
    if (orphan !== undefined) log.warn("Ended the etcd that an earlier run of this server had left", { pid: orphan });
    // etcd 3.4 does not start while the sockets of a killed etcd are there.
    for (const socket of [clientSocket, peerSocket(settings.id)]) rmSync(join(folder, socket), { force: true });
    if (signal.aborted) return "";
    const child = Bun.spawn([program.path, ...etcdFlags(settings, program.version)], {
      cwd: folder,
      // etcd takes variables such as ETCD_NAME for flags. GOGC=50: a fifth less memory for some more work of the collector.
      env: { PATH: process.env["PATH"], GOGC: "50" },
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    });
    this.#process = child;
    onHealth({ state: "started", pid: child.pid });
    const ended = new AbortController();
    const logged = this.#copyLog(child.stderr);
    void this.#untilReady(ended.signal).then((isReady) => {
      if (isReady) onHealth({ state: "ready", tookMs: clock.monotonicMs() - startMs });
    });
    await child.exited;
    ended.abort();
    await logged;
    const reason = this.#log.takeReason();
    if (child.signalCode !== null) return String(child.signalCode);
    return reason === undefined ? `exit code ${child.exitCode}` : `exit code ${child.exitCode}: ${reason}`;
  }

  async #copyLog(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let begun = "";
    for await (const piece of stream) {
      const lines = (begun + decoder.decode(piece, { stream: true })).split("\n");
      begun = lines.pop() ?? "";
      for (const line of lines) this.#log.add(line);
    }
  }

  /** Resolves with true when etcd answers and knows a leader, with false when the signal aborts. */
  async #untilReady(signal: AbortSignal): Promise<boolean> {
    const { clock, folder } = this.#options;
    while (!signal.aborted) {
      if (await knowsLeader(folder, clock)) return !signal.aborted;
      await sleep(clock, lookMs, signal);
    }
    return false;
  }
}

/** Returns whether the etcd in this folder answers and knows a leader. */
export async function knowsLeader(folder: string, clock: Clock): Promise<boolean> {
  // A connection that is made before etcd serves is answered seconds late, so each look has a connection of its own.
  const late = new AbortController();
  const timer = clock.schedule(answerMsMax, () => late.abort());
  try {
    const answer = await httpFetch(new URL("http://etcd/v3/maintenance/status"), {
      unix: join(folder, clientSocket),
      method: "POST",
      body: "{}",
      headers: { connection: "close" },
      signal: late.signal,
    });
    // etcd leaves the field out while it knows no leader.
    const status: unknown = await answer.json();
    return typeof status === "object" && status !== null && "leader" in status;
  } catch {
    return false;
  } finally {
    timer.cancel();
  }
}
