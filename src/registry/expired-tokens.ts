import type { Clock, Timer } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { LogThrottle } from "../lib/log-throttle.ts";
import { goTimeMs, isExpired } from "../model/acl.ts";
import { topics } from "../state/topics.ts";
import type { Registry } from "./registry.ts";

/** The longest time in milliseconds between two looks, so that a jump of the wall clock delays a deletion no longer. */
const lookMsMax = 60_000;
/** The delay in milliseconds after a failed attempt. */
const retryMs = 1_000;
/** The largest number of tokens that one command deletes. */
const batchMax = 500;

/**
 * Deletes tokens of access control that have expired, while this server leads. They grant nothing even before: AccessControl
 * compares the time at each use. So a late deletion costs only space.
 */
export class ExpiredTokens {
  readonly #store: Registry;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #failures: LogThrottle;
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(store: Registry, options: { readonly clock: Clock; readonly log: Log }) {
    this.#store = store;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#failures = new LogThrottle(options.clock);
    store.follow((touched) => {
      if (touched.has(topics.aclTokens) || touched.has(topics.everything)) this.#look();
    });
    store.onRole(() => this.#look());
    this.#look();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** Deletes the tokens that have expired, or sets a timer for the one that expires next. */
  #look(): void {
    this.#timer?.cancel();
    if (this.#isStopped || !this.#store.leads) return;
    const nowMs = this.#clock.wallMs();
    const ending = [...this.#store.state.aclTokens.values()].filter(({ expirationTime }) => expirationTime !== null);
    const expired = ending.filter((token) => isExpired(token, nowMs)).map(({ accessorId }) => accessorId);
    if (expired.length > 0) this.#wake(0, () => void this.#delete(expired.slice(0, batchMax)));
    else if (ending.length > 0) {
      const nextMs = Math.min(...ending.map(({ expirationTime }) => goTimeMs(expirationTime ?? "")));
      this.#wake(Math.min(nextMs - nowMs, lookMsMax), () => this.#look());
    }
  }

  #wake(delayMs: number, run: () => void): void {
    this.#timer = this.#clock.schedule(delayMs, run);
  }

  async #delete(accessorIds: readonly string[]): Promise<void> {
    try {
      await this.#store.submitAsLeader({ type: "acl-tokens-delete", accessorIds });
      this.#log.info("Deleted expired ACL tokens", { amount: accessorIds.length });
    } catch (error) {
      if (this.#isStopped || !this.#store.leads) return;
      const level = this.#failures.isNew("delete") ? "warn" : "debug";
      this.#log[level]("Failed to delete expired ACL tokens; trying again", { error: String(error) });
      this.#wake(retryMs, () => this.#look());
    }
  }
}
