import { createWriteStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Clock } from "../lib/clock.ts";
import type { AgentApi } from "./api-command.ts";

/** The kinds of data that `praetor debug` captures, in Consul's order. */
export const captureTargets = ["metrics", "logs", "pprof", "host", "agent", "cluster"] as const;
export type CaptureTarget = (typeof captureTargets)[number];

export interface DebugCaptureOptions {
  readonly api: AgentApi;
  readonly clock: Clock;
  /** The folder to write files into. */
  readonly folder: string;
  readonly targets: ReadonlySet<CaptureTarget>;
  readonly intervalMs: number;
  /** Ends the capture when it aborts. The files keep the data that arrived until then. */
  readonly signal: AbortSignal;
}

/** Writes the files of `praetor debug`, one for each request to the agent. A request that fails does not affect the others. */
export class DebugCapture {
  readonly #options: DebugCaptureOptions;

  constructor(options: DebugCaptureOptions) {
    this.#options = options;
  }

  /** Captures the data that do not change: host, agent and members. Resolves with the errors of the requests that failed. */
  captureStatic(): Promise<readonly unknown[]> {
    return this.#all(this.#options.folder, [
      ["host", (folder) => this.#json("/v1/agent/host", join(folder, "host.json"))],
      ["agent", (folder) => this.#json("/v1/agent/self", join(folder, "agent.json"))],
      ["cluster", (folder) => this.#json("/v1/agent/members?wan=1", join(folder, "cluster.json"))],
    ]);
  }

  /** Whether any target is captured once in each interval. */
  get hasIntervals(): boolean {
    return (["metrics", "logs", "pprof"] as const).some((target) => this.#options.targets.has(target));
  }

  /**
   * Captures metrics, log and profiles for one interval into a folder of this name. Resolves with the errors of the requests that
   * failed.
   */
  async captureInterval(name: string): Promise<readonly unknown[]> {
    const folder = join(this.#options.folder, name);
    await mkdir(folder, { recursive: true });
    const seconds = Math.ceil(this.#options.intervalMs / 1_000);
    const profile = (path: string, file: string): Capture => [
      "pprof",
      () => this.#profile(`/debug/pprof/${path}`, join(folder, file)),
    ];
    return this.#all(folder, [
      ["metrics", () => this.#json("/v1/agent/metrics", join(folder, "metrics.json"))],
      ["logs", () => this.#log(join(folder, "consul.log"))],
      profile("heap", "heap.prof"),
      profile("goroutine", "goroutine.prof"),
      profile(`profile?seconds=${seconds}`, "profile.prof"),
      profile(`trace?seconds=${seconds}`, "trace.out"),
    ]);
  }

  async #all(folder: string, captures: readonly Capture[]): Promise<readonly unknown[]> {
    const asked = captures.filter(([target]) => this.#options.targets.has(target));
    const results = await Promise.allSettled(asked.map(([, capture]) => capture(folder)));
    if (this.#options.signal.aborted) return [];
    return results.flatMap((result): readonly unknown[] => (result.status === "rejected" ? [result.reason] : []));
  }

  async #json(path: string, file: string): Promise<void> {
    const json = await this.#options.api.json(path);
    await writeFile(file, JSON.stringify(json, undefined, "\t"), { mode: 0o600 });
  }

  async #profile(path: string, file: string): Promise<void> {
    const { api, intervalMs, signal } = this.#options;
    const { body } = await api.ok({ path, signal, timeoutMs: intervalMs + 30_000 });
    await writeFile(file, body, { mode: 0o600 });
  }

  /** Writes the log lines that the agent sends during one interval. */
  async #log(file: string): Promise<void> {
    const { api, clock, intervalMs, signal } = this.#options;
    const over = new AbortController();
    const ending = AbortSignal.any([signal, over.signal]);
    const timer = clock.schedule(intervalMs, () => over.abort());
    const log = createWriteStream(file, { mode: 0o600 });
    try {
      const answer = await api.stream({ path: "/v1/agent/monitor", query: { loglevel: "DEBUG" }, signal: ending });
      await pipeline(answer.body ?? [], log);
    } catch (error) {
      if (!ending.aborted) throw error;
    } finally {
      timer.cancel();
    }
  }
}

type Capture = readonly [target: CaptureTarget, capture: (folder: string) => Promise<void>];
