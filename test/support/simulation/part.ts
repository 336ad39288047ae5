import type { LineRequest } from "../linearizability/line.ts";
import type { NetworkAnswer } from "./simulated-network.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { SimulatedPlatform } from "./simulated-platform.ts";

/**
 * One part of the simulation: clients of the agent, promises that the agent makes, or both. It reports broken promises
 * through `world.findings`. A new part is a file in parts/ and a line in parts.ts.
 */
export interface Part {
  /** Prepares the part before the first fault is injected. */
  prepare?(peace: Peace): Promise<void>;
  /** Runs the part's clients. Resolves soon after the end of the history. */
  run?(over: Over): Promise<void>;
  /** Checks promises that hold at any time, also during faults. Simulated time stands still until the method resolves. */
  look?(process: SimulatedProcess): Promise<void>;
  /** Checks promises that only a write or a start can break. The simulation calls it only after one of them. */
  lookAtState?(process: SimulatedProcess): Promise<void>;
  /** Checks promises that hold long after the last fault. */
  conclude?(peace: Peace): Promise<void>;
  /** Checks promises that hold after all clients have stopped. */
  leave?(peace: Peace): Promise<void>;
}

export type NewPart = (world: SimulatedPlatform) => Part;

export interface Over {
  /** Aborts when the last fault is over and clients that write must stop. */
  readonly trouble: AbortSignal;
  /** Aborts when the clients that only read must stop, too. */
  readonly clients: AbortSignal;
}

/** The operations that a part can use while no fault is injected. */
export interface Peace {
  /** Lets simulated time pass, in milliseconds. */
  readonly pass: (ms: number) => Promise<void>;
  /**
   * Resolves with the result of `done`.
   * @throws Error when `done` takes more than ten simulated minutes, or rejects
   */
  readonly until: <T>(done: Promise<T>) => Promise<T>;
  /**
   * Sends a request and resolves with its answer.
   * @throws Error when the agent refuses the request
   */
  readonly send: (request: LineRequest) => Promise<NetworkAnswer>;
  readonly put: (path: string, body?: string | object) => Promise<NetworkAnswer>;
}
