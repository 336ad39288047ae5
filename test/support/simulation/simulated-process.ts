import { loadConfig } from "../../../src/config/load.ts";
import { type Daemon, startDaemon } from "../../../src/daemon.ts";
import type { Responder } from "../../../src/dns/responder.ts";
import type { RequestHandler } from "../../../src/http/server.ts";
import type { Clock } from "../../../src/lib/clock.ts";
import { createLog } from "../../../src/lib/log.ts";
import type { Random } from "../../../src/lib/random.ts";
import { systemWorld } from "../../../src/world.ts";
import { ProcessClock } from "./process-clock.ts";
import type { SimulatedDisk } from "./simulated-disk.ts";
import type { SimulatedServices } from "./simulated-services.ts";

export interface ProcessParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly disk: SimulatedDisk;
  readonly services: SimulatedServices;
}

/** How many requests of one client may be under way. */
export const requestsOfClientMax = 8;

/** One more than any simulated client has, and few enough to be reached when one is never counted off. */
const args = [
  ...["-server", "-bootstrap-expect=1", "-data-dir=/simulated", "-bind=127.0.0.1", "-node=gw", "-log-level=warn"],
  `-hcl=limits { http_max_conns_per_client = ${requestsOfClientMax} }`,
];
const config = loadConfig({ args, env: {}, hostname: "gw", networkInterfaces: () => ({}) });

/** The whole agent as gateways run it, from one start to its crash or end; only its world is simulated. */
export class SimulatedProcess {
  readonly clock: ProcessClock;
  /** When it could first be asked; undefined until then. */
  readySinceMs: number | undefined;
  /** It was told to end. */
  isEnding = false;
  /** The agent's own words for faults that it found in itself. */
  readonly faults: string[] = [];
  readonly #parts: ProcessParts;
  #router: RequestHandler | undefined;
  #responder: Responder | undefined;
  #daemon: Daemon | undefined;
  #open = false;

  constructor(parts: ProcessParts) {
    this.#parts = parts;
    this.clock = new ProcessClock(parts.clock);
  }

  get router(): RequestHandler | undefined {
    return this.#open ? this.#router : undefined;
  }

  get responder(): Responder | undefined {
    return this.#open ? this.#responder : undefined;
  }

  /** @throws OperatingError when the agent could not start, and has ended */
  async start(): Promise<void> {
    const { random, disk, services } = this.#parts;
    const { clock } = this;
    services.lastResults.clear();
    this.#daemon = await startDaemon(config, {
      log: createLog({ level: "error", json: false, clock, sink: (line) => this.#read(line) }, "agent"),
      readConfig: () => config,
      setLogLevel: () => {},
      onReload: () => {},
      onLeave: () => {},
      world: {
        ...systemWorld,
        ...{ clock, random, startCheck: services.startCheck },
        openDescriptors: () => ({ max: undefined, used: () => 0, reserve: () => {}, release: () => {} }),
        openEngine: () => Promise.resolve(disk.open()),
        openDoors: async ({ router }) => {
          this.#router = router;
          const stop = async (): Promise<void> => void (this.#open = false);
          return { addresses: [], prepare: () => async () => {}, pause: () => {}, resume: async () => {}, stop };
        },
        listenDns: async ({ responder }) => {
          this.#responder = responder;
          return { stop: () => void (this.#responder = undefined) };
        },
      },
    });
    this.#open = true;
    this.readySinceMs = clock.monotonicMs();
  }

  /** Ends as it does when it is told to. */
  async stop(): Promise<void> {
    this.isEnding = true;
    await this.#daemon?.stop();
    this.#open = false;
  }

  /** Ends without another step. */
  crash(): void {
    this.clock.end();
    this.#parts.disk.crash();
    this.#open = false;
  }

  #read(line: string): void {
    if (/fault of the agent|failed to answer/.test(line)) this.faults.push(line);
  }
}
