import { startCheck } from "./checks/start-check.ts";
import type { RuntimeConfig } from "./config/runtime-config.ts";
import { listenDns } from "./dns/server.ts";
import type { OpenedEngine } from "./engine/engine.ts";
import { openMemoryEngine } from "./engine/memory/memory-engine.ts";
import { openSqliteEngine } from "./engine/sqlite/sqlite-engine.ts";
import { openDoors } from "./http/doors.ts";
import { systemClock, type Clock } from "./lib/clock.ts";
import { systemRandom, type Random } from "./lib/random.ts";

/**
 * All that is around an agent: time, chance, the disk, who asks it, and what it asks. A simulation hands in another one,
 * and runs the same agent in it.
 */
export interface World {
  readonly clock: Clock;
  readonly random: Random;
  readonly openEngine: (config: RuntimeConfig) => Promise<OpenedEngine>;
  readonly openDoors: typeof openDoors;
  readonly listenDns: typeof listenDns;
  readonly startCheck: typeof startCheck;
}

export const systemWorld: World = {
  clock: systemClock,
  random: systemRandom,
  openEngine,
  openDoors,
  listenDns,
  startCheck,
};

function openEngine({ dataDir }: RuntimeConfig): Promise<OpenedEngine> {
  return dataDir === undefined ? Promise.resolve(openMemoryEngine()) : openSqliteEngine({ folder: dataDir });
}
