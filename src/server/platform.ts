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
 * What an agent needs from outside: time, chance, the disk, its listeners, checks, the broker, the machine's ports. The
 * simulation runs the same agent on a platform of its own.
 */
export interface Platform {
  readonly clock: Clock;
  readonly random: Random;
  readonly openEngine: (config: RuntimeConfig) => Promise<OpenedEngine>;
  readonly openListeners: typeof openListeners;
  readonly listenDns: typeof listenDns;
  /** Opens the listener of core-keeper's API. */
  readonly listen: typeof listen;
  readonly startCheck: typeof startCheck;
  readonly connectBroker: typeof connectBroker;
  readonly machine: Machine;
  /** The limit of open files and connections, and how many are open. */
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
