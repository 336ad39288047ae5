import { startCheck } from "../checks/start-check.ts";
import type { RuntimeConfig } from "../config/runtime-config.ts";
import { listenDns } from "../dns/server.ts";
import type { OpenedEngine } from "../engine/engine.ts";
import { openMemoryEngine } from "../engine/memory/memory-engine.ts";
import { openSqliteEngine } from "../engine/sqlite/sqlite-engine.ts";
import { openListeners } from "../http/listeners.ts";
import { listen } from "../http/server.ts";
import { connectBroker } from "./parts/bus.ts";
import { systemClock, type Clock } from "../lib/clock.ts";
import { type Descriptors, ProcessDescriptors } from "../lib/descriptor-guard.ts";
import { systemRandom, type Random } from "../lib/random.ts";
import { type Machine, thisMachine } from "../ports/machine.ts";

/**
 * All that is around an agent: time, chance, the disk, who asks it, and what it asks. A simulation hands in another one,
 * and runs the same agent in it.
 */
export interface Platform {
  readonly clock: Clock;
  readonly random: Random;
  readonly openEngine: (config: RuntimeConfig) => Promise<OpenedEngine>;
  readonly openListeners: typeof openListeners;
  readonly listenDns: typeof listenDns;
  /** For core-keeper's API. */
  readonly listen: typeof listen;
  readonly startCheck: typeof startCheck;
  readonly connectBroker: typeof connectBroker;
  readonly machine: Machine;
  /** How many files and connections the process may have, and has. */
  readonly openDescriptors: () => Descriptors;
}

export const systemPlatform: Platform = {
  clock: systemClock,
  random: systemRandom,
  openEngine,
  openListeners,
  listenDns,
  listen,
  startCheck,
  connectBroker,
  machine: thisMachine,
  openDescriptors: () => new ProcessDescriptors(),
};

function openEngine({ dataDir }: RuntimeConfig): Promise<OpenedEngine> {
  return dataDir === undefined ? Promise.resolve(openMemoryEngine()) : openSqliteEngine({ folder: dataDir });
}
