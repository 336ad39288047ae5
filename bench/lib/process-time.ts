import { readdirSync, readFileSync } from "node:fs";
import type { Contender } from "./contender.ts";

/** Returns the processor time of all threads of a process, in µs. Other load on the machine hardly changes this time. */
export function processorUs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce((sumUs, thread) => sumUs + threadUs(`/proc/${pid}/task/${thread}/schedstat`), 0);
}

function threadUs(path: string): number {
  try {
    return Number(readFileSync(path, "utf8").split(" ")[0]) / 1_000;
  } catch {
    return 0; // the thread has just ended
  }
}

const lookMs = 200;
const quietShareMax = 0.1;
const looksMax = 25;

/**
 * Waits until all contenders are idle, but at most five seconds. Otherwise work that an agent defers until after its answers
 * would slow the next measurement.
 */
export async function untilQuiet(contenders: readonly Contender[]): Promise<void> {
  const used = (): readonly number[] => contenders.map(({ pid }) => processorUs(pid));
  let before = used();
  for (let look = 0; look < looksMax; look += 1) {
    await Bun.sleep(lookMs);
    const now = used();
    if (now.every((us, at) => us - (before[at] ?? 0) <= lookMs * 1_000 * quietShareMax)) return;
    before = now;
  }
}
