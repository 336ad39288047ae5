import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import { topicIndex, type State } from "../state/state.ts";
import type { Topic } from "../state/topics.ts";
import type { Store } from "./store.ts";

/** A question to the state, with what can change its answer. */
export interface Query<T> {
  readonly topics: readonly Topic[];
  read(state: State): T;
}

/** The index of a query's answer: that of the newest write that touched one of its topics. */
export function queryIndex(state: State, watched: readonly Topic[]): number {
  let index = 0;
  for (const topic of watched) index = Math.max(index, topicIndex(state, topic));
  return index;
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
export async function waitForChange(
  store: Store,
  watched: readonly Topic[],
  wait: Wait & { readonly limits: WaitLimits; readonly clock: Clock; readonly random: Random },
): Promise<number> {
  let index = queryIndex(store.state, watched);
  if (wait.index <= 0 || index > wait.index || wait.index > store.state.index) return index;
  const { defaultMs, maxMs } = wait.limits;
  const waitMs = Math.min(wait.waitMs === undefined || wait.waitMs <= 0 ? defaultMs : wait.waitMs, maxMs);
  const deadline = wait.clock.monotonicMs() + waitMs + wait.random.uniform() * waitMs * jitterFraction;
  for (;;) {
    const woken = await waitOnce(store, watched, { ...wait, deadline });
    index = queryIndex(store.state, watched);
    if (index > wait.index) return index;
    if (!woken) return Math.max(index, wait.index);
  }
}

/** true when a topic was touched, false when the time is over or the client has gone. */
function waitOnce(
  store: Store,
  watched: readonly Topic[],
  wait: { readonly clock: Clock; readonly deadline: number; readonly signal: AbortSignal },
): Promise<boolean> {
  if (wait.signal.aborted || store.closed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const settle = (woken: boolean): void => {
      stopWaiting();
      timer.cancel();
      wait.signal.removeEventListener("abort", give);
      resolve(woken);
    };
    const give = (): void => settle(false);
    const stopWaiting = store.watches.wait(watched, () => settle(true));
    const timer = wait.clock.schedule(wait.deadline - wait.clock.monotonicMs(), give);
    wait.signal.addEventListener("abort", give);
  });
}
