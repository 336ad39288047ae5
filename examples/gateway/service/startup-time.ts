import { messageOf } from "../../../src/lib/errors.ts";
import type { ServiceLog } from "./log.ts";

const pauseMs = 1_000;

/** Limits the start-up time of a service: one limit for the agent, the registration and the database together. */
export class StartupTime {
  readonly #deadlineMs: number;
  readonly #log: ServiceLog;

  constructor(allottedMs: number, log: ServiceLog) {
    this.#deadlineMs = performance.now() + allottedMs;
    this.#log = log;
  }

  /**
   * Calls `run` once a second until it does not throw; resolves with its result, or with undefined when the start-up time is
   * over.
   */
  async attempt<T>(run: () => T | Promise<T>): Promise<T | undefined> {
    for (;;) {
      try {
        return await run();
      } catch (thrown) {
        this.#log.error(messageOf(thrown));
      }
      if (performance.now() + pauseMs > this.#deadlineMs) return undefined;
      await Bun.sleep(pauseMs);
    }
  }
}
