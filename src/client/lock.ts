import { type Clock, sleep } from "../lib/clock.ts";
import { messageOf, OperatingError } from "../lib/errors.ts";
import { LockSession } from "./lock-session.ts";
import type { HttpClient } from "./http.ts";

/*
 * Locks as Consul's own clients take them, so that both exclude each other. The two recipes, `Mutex` and `Semaphore`, say
 * which keys are read and written; what they have in common is here: the session, the waiting, and watching over what is
 * held.
 */

/** How a lock is taken, with keys. */
export interface LockRecipe {
  readonly behavior?: "delete";
  /** Written before the first attempt. */
  enter(session: string): Promise<void>;
  /** @throws OperatingError when the keys are used for something else, or the agent fails */
  attempt(session: string, wait: Wait): Promise<Attempt>;
  /** Whether the session holds it, once that may have changed. */
  look(session: string, wait: Wait): Promise<{ readonly isHeld: boolean; readonly index: number }>;
  release(session: string): Promise<void>;
  /** Deletes the key that the lock is known by; false when it is in use. */
  cleanUp(): Promise<boolean>;
}

/** How long a read waits for a change after `index`; 0 answers at once. */
export interface Wait {
  readonly index: number;
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

export type Attempt =
  | { readonly outcome: "held" }
  /** Others hold it as of this index. */
  | { readonly outcome: "taken"; readonly index: number }
  /** Nobody holds it, and nobody may take it yet: who had it lost it. */
  | { readonly outcome: "delayed" }
  /** Another was faster, and there may be room still. */
  | { readonly outcome: "raced" };

export interface LockOptions {
  readonly clock: Clock;
  readonly sessionName: string;
  /** Waits no longer than this for the lock; undefined waits for ever. */
  readonly timeoutMs: number | undefined;
  /** How many failures in a row to ask whether it is still held are no reason to give it up. */
  readonly monitorRetries: number;
  /** Ends the waiting for the lock. */
  readonly signal: AbortSignal;
}

export interface HeldLock {
  /** Aborts when it is not certain any more that nobody else has the lock. */
  readonly lost: AbortSignal;
  /** @throws OperatingError */
  release(): Promise<void>;
}

const waitMsMax = 15_000;
const lockDelayRetryMs = 5_000;
const monitorRetryMs = 1_000;

/**
 * Resolves with the lock once it is held; undefined when the time is over or the signal aborts.
 * @throws OperatingError
 */
export async function takeLock(
  http: Pick<HttpClient, "request">,
  recipe: LockRecipe,
  options: LockOptions,
): Promise<HeldLock | undefined> {
  const { clock, sessionName: name } = options;
  const session = await saying("failed to create session", () =>
    LockSession.start(http, { clock, name, ...(recipe.behavior && { behavior: recipe.behavior }) }),
  );
  let isHeld = false;
  try {
    await recipe.enter(session.id);
    isHeld = await untilHeld(recipe, session.id, options);
  } catch (error) {
    if (!options.signal.aborted) throw error;
  } finally {
    if (!isHeld) await session.end();
  }
  return isHeld ? watchOver(recipe, session, options) : undefined;
}

async function untilHeld(recipe: LockRecipe, session: string, options: LockOptions): Promise<boolean> {
  const { clock, signal, timeoutMs = Infinity } = options;
  const deadlineMs = clock.monotonicMs() + timeoutMs;
  let index = 0;
  for (let tries = 0; !signal.aborted; tries += 1) {
    const leftMs = deadlineMs - clock.monotonicMs();
    if (leftMs <= 0 && tries > 0) return false;
    const attempt = await recipe.attempt(session, { index, waitMs: Math.min(waitMsMax, leftMs), signal });
    switch (attempt.outcome) {
      case "held":
        return true;
      case "taken":
        index = attempt.index;
        break;
      case "raced":
        index = 0;
        break;
      case "delayed":
        index = 0;
        await sleep(clock, Math.min(lockDelayRetryMs, leftMs), signal);
        break;
    }
  }
  return false;
}

function watchOver(recipe: LockRecipe, session: LockSession, options: LockOptions): HeldLock {
  const lost = new AbortController();
  const releasing = new AbortController();
  void monitor(recipe, session.id, { ...options, signal: releasing.signal }).then(() => lost.abort());
  return {
    lost: lost.signal,
    async release() {
      releasing.abort();
      try {
        await recipe.release(session.id);
      } finally {
        await session.end();
      }
    },
  };
}

/** Resolves when the session does not hold the lock any more, or nobody can say. */
async function monitor(recipe: LockRecipe, session: string, options: LockOptions): Promise<void> {
  const { clock, signal, monitorRetries } = options;
  let [index, failures] = [0, 0];
  while (!signal.aborted) {
    try {
      const seen = await recipe.look(session, { index, waitMs: waitMsMax, signal });
      if (!seen.isHeld) return;
      index = seen.index;
      failures = 0;
    } catch (error) {
      if (signal.aborted || failures >= monitorRetries || !isPassing(error)) return;
      failures += 1;
      index = 0;
      await sleep(clock, monitorRetryMs, signal);
    }
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof OperatingError && (error.kind === "unavailable" || error.kind === "timeout");
}

/** Says before an error what failed, in the words of Consul's client. */
export async function saying<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (!(cause instanceof OperatingError)) throw cause;
    throw new OperatingError(cause.kind, "lock-failed", `${what}: ${messageOf(cause)}`, { cause });
  }
}
