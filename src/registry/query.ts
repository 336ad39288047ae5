import type { Clock } from "../lib/clock.ts";
import { type Random, withJitter } from "../lib/random.ts";
import type { State } from "../state/state.ts";
import type { Topic } from "../state/topics.ts";
import type { Registry } from "./registry.ts";

/** A read of the state, with the topics whose change can change its answer. */
export interface Query<T> {
  readonly topics: readonly Topic[];
  read(state: State): T;
}

/** The waiting part of a blocking query. */
export interface Wait {
  /** The index that the client has seen; 0 does not wait. */
  readonly index: number;
  /** undefined is `limits.defaultMs`; longer than `limits.maxMs` is cut. */
  readonly waitMs: number | undefined;
  /** Aborts when the client has disconnected. The wait ends then, and no answer is read. */
  readonly signal: AbortSignal;
}

export interface WaitLimits {
  readonly defaultMs: number;
  readonly maxMs: number;
}

/**
 * The blocking-query rule, in one place. Resolves when the answer may be newer than the client's index, when the wait is
 * over, or when the store closes. An index at or above the answer's own is held; the first write that touches one of the
 * topics ends the wait, whatever its index.
 *
 * A client that sends the last index plus one (Nomad) is held like one that sends the last index. An index further above
 * the store's newest comes from a store that was lost or replaced: such a client is answered at once, so that it goes on
 * from the answer's index. (Consul holds it for the whole wait.)
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
      signal.removeEventListener("abort", end);
      resolve();
    };
    const stopWaiting = store.wait(watched, end);
    const timer = clock.schedule(waitMsOf(wait), end);
    signal.addEventListener("abort", end);
  });
}

function waitMsOf({ waitMs, limits, random }: Pick<Wait, "waitMs"> & { limits: WaitLimits; random: Random }): number {
  const asked = waitMs === undefined || waitMs <= 0 ? limits.defaultMs : waitMs;
  const longest = Math.min(asked, limits.maxMs);
  return withJitter(longest, random);
}
