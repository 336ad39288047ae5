import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { State } from "../state/state.ts";
import type { Topic } from "../state/topics.ts";
import type { Store } from "./store.ts";

/** A question to the state, with what can change its answer. */
export interface Query<T> {
  readonly topics: readonly Topic[];
  read(state: State): T;
}

/** How long to wait for what. */
export interface Wait {
  /** The index that the client has seen; 0 does not wait. */
  readonly index: number;
  /** undefined is `limits.defaultMs`; longer than `limits.maxMs` is cut. */
  readonly waitMs: number | undefined;
  /** Aborts when the client goes away. Resolves at once then; nobody reads the answer. */
  readonly signal: AbortSignal;
}

export interface WaitLimits {
  readonly defaultMs: number;
  readonly maxMs: number;
}

/** Consul: up to a 16th of the wait is added at random, so that clients do not come back all at once. */
const jitterFraction = 1 / 16;

/**
 * The blocking-query rule, in one place. Resolves with the index of the answer to give, when that is newer than the
 * client's, or when the wait is over (with the client's own index, since nothing it asked for has changed).
 *
 * An index above the store's newest comes from a store that was lost or replaced: such a client is answered at once,
 * with an index from which it can go on. (Consul holds it for the whole wait.)
 */
export function waitForChange(
  store: Store,
  watched: readonly Topic[],
  wait: Wait & { readonly limits: WaitLimits; readonly clock: Clock; readonly random: Random },
): Promise<number> {
  const { clock, signal } = wait;
  const index = store.indexOf(watched);
  const newest = Math.max(index, store.state.index);
  const waits = wait.index > 0 && wait.index >= index && wait.index <= newest;
  if (!waits || store.closed || signal.aborted) return Promise.resolve(index);
  return new Promise((resolve) => {
    const end = (seen: number): void => {
      stopWaiting();
      timer.cancel();
      signal.removeEventListener("abort", expire);
      resolve(seen);
    };
    const expire = (): void => end(Math.max(store.indexOf(watched), wait.index));
    const look = (): void => {
      const seen = store.indexOf(watched);
      if (seen > wait.index) end(seen);
      else if (store.closed) expire();
      else stopWaiting = store.watches.wait(watched, look);
    };
    let stopWaiting = store.watches.wait(watched, look);
    const timer = clock.schedule(waitMsOf(wait), expire);
    signal.addEventListener("abort", expire);
  });
}

function waitMsOf({ waitMs, limits, random }: Pick<Wait, "waitMs"> & { limits: WaitLimits; random: Random }): number {
  const asked = waitMs === undefined || waitMs <= 0 ? limits.defaultMs : waitMs;
  const longest = Math.min(asked, limits.maxMs);
  return longest + random.uniform() * longest * jitterFraction;
}
