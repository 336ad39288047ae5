import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { forEachAtOnce, numbersBelow } from "../lib/at-once.ts";
import type { Contender } from "../lib/contender.ts";
import { processorUs } from "../lib/process-time.ts";
import { runWrk, type WrkFigure } from "../lib/wrk.ts";
import type { Filled } from "./measurement.ts";

export interface Targets {
  readonly targets: readonly string[];
  readonly connections: number;
  readonly run: string;
  readonly seconds?: number;
  readonly method?: "GET" | "PUT";
  readonly bodyBytes?: 0 | 128;
}

type Asking = Pick<Targets, "run" | "method">;

/** Sends requests for the paths `targets` in turn, on several connections, for `seconds`. Returns the rate that wrk reports. */
export async function askInTurn({ contender }: Filled, load: Targets): Promise<WrkFigure> {
  const { targets, connections, run, seconds = 1, method = "GET", bodyBytes = 0 } = load;
  const folder = mkdtempSync(join(tmpdir(), "growth-bench-"));
  try {
    const file = join(folder, "targets");
    writeFileSync(file, `${targets.join("\n")}\n`);
    const words = [run, file, method, String(bodyBytes)];
    return await runWrk(contender.url, { connections, seconds, script: "targets.lua", words });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export interface Writes {
  readonly count: number;
  readonly path: string;
  readonly bodyOf: (write: number) => object;
}

/** Sends `count` requests that each write new data. The count is the same at each size, since each write adds data. */
export function writeNew({ contender }: Filled, { count, path, bodyOf }: Writes): Promise<void> {
  return forEachAtOnce(numbersBelow(count), (write) => contender.put(path, bodyOf(write)));
}

/** Requests the paths `targets` in turn for a second. Returns the agent's processor time for one request, in µs. */
export function costOfAsking(filled: Filled, targets: readonly string[], options: Asking): Promise<number> {
  const work = async (): Promise<number> =>
    (await askInTurn(filled, { targets, connections: 16, ...options })).requests;
  return costOf(filled.contender, work);
}

/** Runs `work`, which resolves with its number of requests. Returns the agent's processor time for one request, in µs. */
export async function costOf({ pid }: Contender, work: () => Promise<number>): Promise<number> {
  const beforeUs = processorUs(pid);
  const requests = await work();
  return (processorUs(pid) - beforeUs) / requests;
}
