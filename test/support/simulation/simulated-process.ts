import { loadConfig } from "../../../src/config/load.ts";
import type { Daemon } from "../../../src/server/daemon.ts";
import { startDaemon } from "../../../src/server/start-daemon.ts";
import type { PacketResponder } from "../../../src/dns/responder.ts";
import type { RequestHandler } from "../../../src/http/server.ts";
import type { Clock } from "../../../src/lib/clock.ts";
import { createLog } from "../../../src/lib/log.ts";
import type { Random } from "../../../src/lib/random.ts";
// Modules that the agent loads on demand. They are loaded in advance, because the seed does not decide how long loading takes.
import "../../../src/bus/message-bus.ts";
import "../../../src/lib/checked-archive.ts";
import "../../../src/server/parts/keeper.ts";
import { systemPlatform } from "../../../src/server/platform.ts";
import { ProcessClock } from "./process-clock.ts";
import type { Mutation } from "./mutation.ts";
import type { SimulatedBroker } from "./simulated-broker.ts";
import type { SimulatedDisk } from "./simulated-disk.ts";
import type { SimulatedMachine } from "./simulated-machine.ts";
import type { SimulatedServices } from "./simulated-services.ts";

export interface ProcessParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly disk: SimulatedDisk;
  readonly services: SimulatedServices;
  readonly broker: SimulatedBroker;
  readonly machine: SimulatedMachine;
  readonly mutation: Mutation | undefined;
}

/** Maximum number of pending requests of one client. */
export const requestsOfClientMax = 8;

/**
 * The agent's flags. The limit of a client's requests is one more than any client needs, and low enough to be reached if the
 * agent does not release finished requests.
 */
const args = [
  ...["-server", "-bootstrap-expect=1", "-data-dir=/simulated", "-bind=127.0.0.1", "-node=gw", "-log-level=warn"],
  `-hcl=limits { http_max_conns_per_client = ${requestsOfClientMax} }`,
  "-keeper-port=59890",
  '-hcl=edgex { ports { policy = "reassign", range = "28000-28019" }, message_bus { url = "mqtt://192.0.2.1:1883" } }',
];
const config = loadConfig({ args, env: {}, hostname: "gw", interfaces: () => [] });

/** The whole agent in the configuration of a gateway, from one start to its crash or end, on a simulated platform. */
export class SimulatedProcess {
  readonly clock: ProcessClock;
  /** The time from which the agent can answer; undefined until then. */
  readySinceMs: number | undefined;
  /** Whether the agent is stopping. */
  isEnding = false;
  /** Log lines in which the agent reports an internal fault. */
  readonly faults: string[] = [];
  readonly #parts: ProcessParts;
  #router: RequestHandler | undefined;
  #keeper: RequestHandler | undefined;
  #responder: PacketResponder | undefined;
  #daemon: Daemon | undefined;
  #open = false;

  constructor(parts: ProcessParts) {
    this.#parts = parts;
    this.clock = new ProcessClock(parts.clock, parts.mutation);
  }

  /** Returns the time of the simulation's clock, which may differ from the process's clock. */
  nowMs(): number {
    return this.#parts.clock.monotonicMs();
  }

  get router(): RequestHandler | undefined {
    return this.#open ? this.#router : undefined;
  }

  /** The request handler of core-keeper's API; undefined while the agent is down. */
  get keeper(): RequestHandler | undefined {
    return this.#open ? this.#keeper : undefined;
  }

  get responder(): PacketResponder | undefined {
    return this.#open ? this.#responder : undefined;
  }

  /**
   * Starts the agent.
   * @throws OperatingError when the agent could not start, and has ended
   */
  async start(): Promise<void> {
    const { random, disk, services, broker, machine } = this.#parts;
    const { clock } = this;
    services.lastResults.clear();
    this.#daemon = await startDaemon(config, {
      version: "0.1.0",
      log: createLog({ level: "error", json: false, clock, sink: (line) => this.#read(line) }, "agent"),
      readConfig: () => config,
      setLogLevel: () => {},
      onReloading: () => {},
      onReloaded: () => {},
      onReloadFailed: () => {},
      onLeave: () => {},
      onFailed: () => {},
      platform: {
        ...systemPlatform,
        ...{ clock, random, startCheck: services.startCheck },
        ...{ machine, connectBroker: broker.connect },
        listenForLinks: ({ port }) => ({ port, stop: () => {} }),
        openDescriptors: () => ({ max: undefined, used: () => 0, reserve: () => {}, release: () => {} }),
        openEngine: () => Promise.resolve(disk.open()),
        openListeners: async ({ router }) => {
          this.#router = router;
          return { ...this.#door(), secure: async () => {} };
        },
        listen: async ({ router }) => {
          this.#keeper = router;
          return { ...this.#door(), listenAnew: async () => {} };
        },
        listenDns: async ({ responder }) => {
          this.#responder = responder;
          return { stop: () => void (this.#responder = undefined) };
        },
      },
    });
    this.#open = true;
    this.readySinceMs = this.nowMs();
  }

  /** Stops the agent gracefully. */
  async stop(): Promise<void> {
    this.isEnding = true;
    await this.#daemon?.stop();
    this.#open = false;
  }

  /** Ends the agent at once, as a crash does. */
  crash(): void {
    this.clock.end();
    this.#parts.disk.crash();
    this.#open = false;
  }

  #door() {
    const stop = async (): Promise<void> => void (this.#open = false);
    return { addresses: [], pause: () => {}, resume: async () => {}, stop };
  }

  #read(line: string): void {
    if (/fault of the agent|failed to answer/.test(line)) this.faults.push(line);
  }
}
