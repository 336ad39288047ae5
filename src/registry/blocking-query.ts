import type { Clock } from "../lib/clock.ts";
import { type Random, withJitter } from "../lib/random.ts";
import type { Topic } from "../state/topics.ts";
import type { Registry } from "./registry.ts";

/** The parameters of a query that decide whether and how long it waits. */
export interface Wait {
  /** The index that the client has seen; a query with 0 does not wait. */
  readonly index: number;
  /** The time to wait in milliseconds, at most `limits.maxMs`; undefined: `limits.defaultMs`. */
  readonly waitMs: number | undefined;
  /** Aborts when the client has disconnected. The wait then ends without an answer. */
  readonly signal: AbortSignal;
}

export interface WaitLimits {
  readonly defaultMs: number;
  readonly maxMs: number;
}

/**
 * Waits for a blocking query: resolves when the answer may be newer than the client's index, when the wait time is over, when the
 * client disconnects, or when the store closes. A query whose index is at or above the answer's waits; the first write that
 * touches one of its topics ends the wait, whatever that write's index.
 *
 * A client that sends the last index plus one (Nomad) waits like a client that sends the last index. An index further above the
 * store's newest comes from a store that was lost or replaced: the agent answers such a query at once, so that the client
 * continues from the answer's index. (Consul lets the query wait until its wait time ends.)
 */
export function waitForChange(
  store: Registry,
  watched: readonly Topic[],
  wait: Wait & { readonly limits: WaitLimits; readonly clock: Clock; readonly random: Random },
): Promise<void> {
  const { clock, signal } = wait;
  const index = store.indexOf(watched);
  const newest = Math.max(index, store.state.index);
  const waits = wait.index > 0 && wait.index >= index && wait.index <= newest + 1;
  if (!waits || store.closed || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      stopWaiting();
      timer.cancel();
      resolve();
    };
    const stopWaiting = store.wait(watched, end);
    const timer = clock.schedule(waitMsOf(wait), end);
    // The listener stays: the signal ends with its request, and to remove it takes a twentieth of the time of a wake.
    signal.addEventListener("abort", end);
  });
}

function waitMsOf({ waitMs, limits, random }: Pick<Wait, "waitMs"> & { limits: WaitLimits; random: Random }): number {
  const asked = waitMs === undefined || waitMs <= 0 ? limits.defaultMs : waitMs;
  const longest = Math.min(asked, limits.maxMs);
  return withJitter(longest, random);
}
