import type { Query } from "./query.ts";
import type { Registry } from "./registry.ts";

/** The caller of a query: a part of this agent, or a client without a token. */
export type Caller = "agent" | "anonymous";

/**
 * Runs queries for a caller. Code outside this folder must use it for every query (test/architecture/readers.test.ts), so that
 * this class alone decides what a caller may read.
 */
export class Reader {
  readonly caller: Caller;
  readonly #registry: Registry;

  constructor(registry: Registry, caller: Caller) {
    this.#registry = registry;
    this.caller = caller;
  }

  /** Returns the query's answer from the newest state that this server has. */
  read<T>(query: Query<T>): T {
    return query.read(this.#registry.state);
  }
}
