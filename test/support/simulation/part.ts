import type { LineRequest } from "../linearizability/line.ts";
import type { NetworkAnswer } from "./simulated-network.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { SimulatedPlatform } from "./simulated-platform.ts";

/**
 * One idea of the simulation: somebody who wants something of the agent, what the agent promises, or both. It says which
 * promise was broken by `world.findings`. A new one is a file in parts/, and a line in parts.ts.
 */
export interface Part {
  /** Before any trouble. */
  prepare?(peace: Peace): Promise<void>;
  /** What it does by itself. Resolves soon after it is over. */
  run?(over: Over): Promise<void>;
  /** Holds the agent to its promises, while time stands still and trouble may be all around. */
  look?(process: SimulatedProcess): Promise<void>;
  /** The same of what only a write or a start can change; it is passed over while there was none. */
  lookAtState?(process: SimulatedProcess): Promise<void>;
  /** Trouble has long been over: holds the agent to what must be true then. */
  conclude?(peace: Peace): Promise<void>;
  /** All clients have gone. */
  leave?(peace: Peace): Promise<void>;
}

export type NewPart = (world: SimulatedPlatform) => Part;

export interface Over {
  /** No more trouble comes, and who changes things stops. */
  readonly trouble: AbortSignal;
  /** Clients that only listen go, too. */
  readonly clients: AbortSignal;
}

/** What can be done while nothing else is wrong. */
export interface Peace {
  /** Lets time go by. */
  readonly pass: (ms: number) => Promise<void>;
  /** @throws Error when it is not done in ten simulated minutes, or fails */
  readonly until: <T>(done: Promise<T>) => Promise<T>;
  /** @throws Error when it is refused */
  readonly send: (request: LineRequest) => Promise<NetworkAnswer>;
  readonly put: (path: string, body?: string | object) => Promise<NetworkAnswer>;
}
