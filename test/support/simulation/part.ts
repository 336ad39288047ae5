import type { LineRequest } from "../linearizability/line.ts";
import type { NetworkAnswer } from "./simulated-network.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { SimulatedPlatform } from "./simulated-platform.ts";

/**
 * One part of the simulation: clients of the agent, promises that the agent makes, or both. It reports broken promises
 * through `world.findings`. A new part is a file in parts/ and a line in parts.ts.
 */
export interface Part {
  /** Runs before any trouble. */
  prepare?(peace: Peace): Promise<void>;
  /** The part's clients. Resolves soon after the end of the history. */
  run?(over: Over): Promise<void>;
  /** Checks promises while time stands still, during any trouble. */
  look?(process: SimulatedProcess): Promise<void>;
  /** Checks promises that only a write or a start can break; skipped while there was neither. */
  lookAtState?(process: SimulatedProcess): Promise<void>;
  /** Checks what must be true long after the last trouble. */
  conclude?(peace: Peace): Promise<void>;
  /** Checks what must be true after all clients have gone. */
  leave?(peace: Peace): Promise<void>;
}

export type NewPart = (world: SimulatedPlatform) => Part;

export interface Over {
  /** Aborts when the last trouble is over and clients that write stop. */
  readonly trouble: AbortSignal;
  /** Aborts when clients that only read stop, too. */
  readonly clients: AbortSignal;
}

/** Runs a task while no fault is injected. */
export interface Peace {
  /** Lets simulated time pass. */
  readonly pass: (ms: number) => Promise<void>;
  /** @throws Error when it takes more than ten simulated minutes, or fails */
  readonly until: <T>(done: Promise<T>) => Promise<T>;
  /** @throws Error when it is refused */
  readonly send: (request: LineRequest) => Promise<NetworkAnswer>;
  readonly put: (path: string, body?: string | object) => Promise<NetworkAnswer>;
}
