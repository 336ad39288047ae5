import { usedBytes } from "../lib/process-disk.ts";
import { peakKib, residentKib } from "../lib/process-memory.ts";
import type { Filled, GrowthRow, Measurement } from "./measurement.ts";

const restartMsMax = 180_000;
const idleMs = 5_000;

const data = (name: string, title: string, unit: string): GrowthRow => ({ name, title, unit, grows: "data" });

/**
 * Measures memory after the keys are written and before services are registered, to separate the memory of keys from that of
 * services.
 */
export const keysAlone: Measurement = {
  rows: [data("memory-keys", "memory at rest with the keys alone", "MiB")],
  rounds: 1,
  async measure({ contender }) {
    await contender.restart({ withinMs: restartMsMax });
    return [await memoryAtRest(contender.pid)];
  },
};

export const whole: Measurement = {
  rows: [
    data("restart", "restart, to the first durable write", "ms"),
    data("memory-peak", "memory at the start, at most", "MiB"),
    data("memory-rest", "memory at rest", "MiB"),
    data("disk", "data folder", "MiB"),
  ],
  rounds: 2,
  async measure({ contender }: Filled) {
    const tookMs = await contender.restart({ withinMs: restartMsMax });
    const restMib = await memoryAtRest(contender.pid);
    return [tookMs, peakKib(contender.pid) / 1_024, restMib, usedBytes(contender.dataFolder) / 2 ** 20];
  },
};

/** Returns the resident memory of a process after five idle seconds, in MiB. */
async function memoryAtRest(pid: number): Promise<number> {
  await Bun.sleep(idleMs);
  return residentKib(pid) / 1_024;
}
