import { readFileSync } from "node:fs";
import type { Contender } from "./contender.ts";

/** Of /proc/PID/stat, in every Linux that there is. */
const ticksPerSecond = 100;

/** What a process has used of the processors since its start. */
export function processorMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond;
}

const lookMs = 200;
const quietShareMax = 0.1;
const looksMax = 25;

/**
 * Waits until none of them is busy any more: what one has put off until after its answers must not be paid for by the
 * next that is measured. Goes on after five seconds, whatever they do.
 */
export async function untilQuiet(contenders: readonly Contender[]): Promise<void> {
  const used = (): readonly number[] => contenders.map(({ pid }) => processorMs(pid));
  let before = used();
  for (let look = 0; look < looksMax; look += 1) {
    await Bun.sleep(lookMs);
    const now = used();
    if (now.every((ms, at) => ms - (before[at] ?? 0) <= lookMs * quietShareMax)) return;
    before = now;
  }
}
