import { messageOf } from "../../../src/lib/errors.ts";
import type { ServiceLog } from "./log.ts";

const pauseMs = 1_000;

/** The start-up time of a service: one budget for the agent, its registration and the database. */
export class StartupTime {
  readonly #deadlineMs: number;
  readonly #log: ServiceLog;

  constructor(allottedMs: number, log: ServiceLog) {
    this.#deadlineMs = performance.now() + allottedMs;
    this.#log = log;
  }

  /** Repeats until it does not throw; undefined when the time is over. */
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
