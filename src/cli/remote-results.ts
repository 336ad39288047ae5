import { textOf, unexpectedStatus } from "../client/http.ts";
import { keyPath } from "../client/key-value.ts";
import type { Clock } from "../lib/clock.ts";
import { messageOf, OperatingError } from "../lib/errors.ts";
import { attempting, type AgentApi } from "./api-command.ts";
import type { CommandIo } from "./command.ts";

/** How many nodes acknowledged a command, completed it, and completed it with an exit code other than 0. */
export interface Outcome {
  readonly acknowledged: number;
  readonly completed: number;
  readonly failed: number;
}

export interface FollowOptions {
  readonly api: AgentApi;
  readonly io: CommandIo;
  readonly clock: Clock;
  readonly waitMs: number;
  readonly onStep: (text: string) => void;
}

/**
 * Prints the results that nodes write below `folder`, until no node has written for `waitMs` milliseconds, or for twice that time
 * while a node has not completed the command.
 */
export async function followResults(folder: string, options: FollowOptions): Promise<Outcome> {
  const { clock, io, onStep, waitMs } = options;
  const startedMs = clock.monotonicMs();
  const results = new Results(`${folder}/`, options);
  let lastNewsMs = startedMs;
  for (;;) {
    const { acknowledged, completed } = results.outcome;
    const leftMs = lastNewsMs + waitMs * (acknowledged > completed ? 2 : 1) - clock.monotonicMs();
    if (leftMs <= 0) break;
    if (await attempting("Failed to read results", () => results.read(leftMs))) lastNewsMs = clock.monotonicMs();
  }
  const { acknowledged, completed } = results.outcome;
  io.stdout(`${completed} / ${acknowledged} node(s) completed / acknowledged\n`);
  onStep(`Completed in ${((clock.monotonicMs() - startedMs) / 1000).toFixed(2)} seconds`);
  return results.outcome;
}

class Results {
  readonly #folder: string;
  readonly #options: FollowOptions;
  readonly #seen = new Set<string>();
  readonly #outcome = { acknowledged: 0, completed: 0, failed: 0 };
  #index: string | undefined;

  constructor(folder: string, options: FollowOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  get outcome(): Outcome {
    return this.#outcome;
  }

  /** Waits for new keys and prints their results; returns whether new keys arrived. */
  async read(waitMs: number): Promise<boolean> {
    const fresh = (await this.#list(waitMs)).filter((key) => !this.#seen.has(key));
    for (const key of fresh.toSorted((a, b) => order(a) - order(b))) {
      this.#seen.add(key);
      await this.#print(key);
    }
    return fresh.some((key) => key !== "job");
  }

  /** Lists the keys below the folder, without the folder's prefix. */
  async #list(waitMs: number): Promise<readonly string[]> {
    const answer = await this.#options.api.request({
      path: keyPath(this.#folder),
      query: { keys: "", ...(this.#index !== undefined && { index: this.#index, wait: `${Math.ceil(waitMs)}ms` }) },
      // Consul adds up to 1/16 of the wait as jitter.
      timeoutMs: waitMs * (17 / 16) + 10_000,
    });
    if (answer.status !== 200 && answer.status !== 404) throw unexpectedStatus(answer);
    this.#index = answer.headers.get("X-Consul-Index") ?? undefined;
    const keys: unknown = answer.status === 404 ? [] : JSON.parse(textOf(answer));
    return Array.isArray(keys) ? keys.map((key) => String(key).slice(this.#folder.length)) : [];
  }

  async #print(name: string): Promise<void> {
    const [, node = "", what] = /^(.+)\/(ack$|exit$|out\/)/.exec(name) ?? [];
    switch (what) {
      case "ack":
        this.#outcome.acknowledged += 1;
        return this.#options.onStep(arrow(node, "acknowledged"));
      case "exit":
        return this.#printExit(node, await this.#value(name));
      case "out/":
        return this.#printOutput(node, await this.#value(name));
      default:
        if (name !== "job") this.#options.io.stderr(`Unknown key '${name}', ignoring.\n`);
    }
  }

  #printExit(node: string, value: string | undefined): void {
    if (value === undefined) return;
    if (!/^[+-]?\d+$/.test(value)) return this.#options.io.stderr(`Failed to parse exit code '${value}'\n`);
    this.#outcome.completed += 1;
    if (Number(value) !== 0) this.#outcome.failed += 1;
    this.#options.io.stdout(`${arrow(node, `finished with exit code ${Number(value)}`)}\n`);
  }

  #printOutput(node: string, value: string | undefined): void {
    if (value === undefined) return;
    if (value === "") return this.#options.onStep(arrow(node, "heartbeat received"));
    const lines = value.split("\n").map((line) => `    ${node}: ${line}`);
    this.#options.io.stdout(`${lines.join("\n").trimEnd()}\n`);
  }

  /** Reads the value of a key. If that fails, prints a message and returns undefined. */
  async #value(name: string): Promise<string | undefined> {
    const key = `${this.#folder}${name}`;
    try {
      return textOf(await this.#options.api.ok({ path: keyPath(key), query: { raw: "" } }));
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      this.#options.io.stderr(`Failed to read key '${key}': ${messageOf(error)}\n`);
      return undefined;
    }
  }
}

/** Returns a number by which keys that arrive together are sorted: acknowledgements before outputs before exit codes. */
function order(name: string): number {
  return name.endsWith("/ack") ? 0 : name.endsWith("/exit") ? 2 : 1;
}

function arrow(node: string, text: string): string {
  return `==> ${node}: ${text}`;
}
