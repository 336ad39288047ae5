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
import { listenForLinks } from "../link/listen.ts";
import type { DialOptions } from "../link/connect.ts";
import type { Link } from "../link/link.ts";
import { type Machine, thisMachine } from "../ports/machine.ts";

/**
 * The interfaces between an agent and its environment: clock, random numbers, disk, listeners, checks, broker, the machine's
 * ports. The simulation of the tests runs the same agent on a simulated platform.
 */
export interface Platform {
  readonly clock: Clock;
  readonly random: Random;
  readonly openEngine: (config: RuntimeConfig) => Promise<OpenedEngine>;
  readonly openListeners: typeof openListeners;
  readonly listenDns: typeof listenDns;
  /** Opens the listener of core-keeper's API. */
  readonly listen: typeof listen;
  /** Connects to another agent. */
  readonly dial: (options: DialOptions) => Promise<Link>;
  /** Opens the listener for the links of other agents. */
  readonly listenForLinks: typeof listenForLinks;
  readonly startCheck: typeof startCheck;
  readonly connectBroker: typeof connectBroker;
  readonly machine: Machine;
  /** Returns the maximum number of open file descriptors and how many are open now. */
  readonly openDescriptors: () => Descriptors;
}

export const systemPlatform: Platform = {
  clock: systemClock,
  random: systemRandom,
  openEngine,
  openListeners,
  listenDns,
  listen,
  dial,
  listenForLinks,
  startCheck,
  connectBroker,
  machine: thisMachine,
  openDescriptors: () => new ProcessDescriptors(),
};

function openEngine({ dataDir }: RuntimeConfig): Promise<OpenedEngine> {
  return dataDir === undefined ? Promise.resolve(openMemoryEngine()) : openSqliteEngine({ folder: dataDir });
}

async function dial(options: DialOptions): Promise<Link> {
  const link = await import("../link/connect.ts");
  return link.dial(options);
}
