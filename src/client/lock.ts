import { type Clock, sleep } from "../lib/clock.ts";
import { messageOf, OperatingError } from "../lib/errors.ts";
import { LockSession } from "./lock-session.ts";
import type { HttpClient } from "./http.ts";

/*
 * Locks that are compatible with those of Consul's clients, so that holders of either kind exclude each other. The two recipes,
 * `Mutex` and `Semaphore`, read and write different keys. This file has their common part: it creates the session, waits for the
 * lock, and monitors the lock while it is held.
 */

/** The keys of a kind of lock, and the requests that acquire and release it. */
export interface LockRecipe {
  readonly behavior?: "delete";
  /** Called before the first attempt. Writes the contender's own key, if this kind of lock has one. */
  enter(session: string): Promise<void>;
  /** Tries once to get the lock. @throws OperatingError if its keys have another use, or the agent fails */
  attempt(session: string, wait: Wait): Promise<Attempt>;
  /** Sends a blocking query. Resolves with whether the session holds the lock. */
  checkHeld(session: string, wait: Wait): Promise<{ readonly isHeld: boolean; readonly index: number }>;
  release(session: string): Promise<void>;
  /** Deletes the lock's key. Resolves with false, and deletes nothing, if a session holds the lock. */
  cleanUp(): Promise<boolean>;
}

/** Options of a blocking query; index 0 does not wait. */
export interface Wait {
  readonly index: number;
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

export type Attempt =
  | { readonly outcome: "held" }
  /** Other sessions hold the lock at this index. */
  | { readonly outcome: "taken"; readonly index: number }
  /** No session holds the lock, but the lock delay after an invalidated session is not over. */
  | { readonly outcome: "delayed" }
  /** Another contender has written the key first, so the caller tries again. */
  | { readonly outcome: "raced" };

export interface LockOptions {
  readonly clock: Clock;
  readonly sessionName: string;
  /** Milliseconds to wait for the lock; undefined to wait without a limit. */
  readonly timeoutMs: number | undefined;
  /** The lock counts as lost after more than this number of consecutive failed monitoring queries. */
  readonly monitorRetries: number;
  /** When this signal aborts, the wait for the lock ends. */
  readonly signal: AbortSignal;
}

export interface HeldLock {
  /** Aborts when the lock is lost or released, or the agent cannot confirm that it is held. */
  readonly lost: AbortSignal;
  /** Releases the lock. @throws OperatingError */
  release(): Promise<void>;
}

const waitMsMax = 15_000;
const lockDelayRetryMs = 5_000;
const monitorRetryMs = 1_000;

/**
 * Resolves with the lock once it is held, or with undefined at the timeout or when the signal aborts.
 * @throws OperatingError
 */
export async function takeLock(
  http: Pick<HttpClient, "request">,
  recipe: LockRecipe,
  options: LockOptions,
): Promise<HeldLock | undefined> {
  const { clock, sessionName: name } = options;
  const session = await withErrorPrefix("failed to create session", () =>
    LockSession.start(http, { clock, name, ...(recipe.behavior && { behavior: recipe.behavior }) }),
  );
  let isHeld = false;
  try {
    await recipe.enter(session.id);
    isHeld = await acquire(recipe, session.id, options);
  } catch (error) {
    if (!options.signal.aborted) throw error;
  } finally {
    if (!isHeld) await session.end();
  }
  return isHeld ? holdLock(recipe, session, options) : undefined;
}

async function acquire(recipe: LockRecipe, session: string, options: LockOptions): Promise<boolean> {
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

function holdLock(recipe: LockRecipe, session: LockSession, options: LockOptions): HeldLock {
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

/** Resolves when the session does not hold the lock any more, or the agent cannot confirm that it does. */
async function monitor(recipe: LockRecipe, session: string, options: LockOptions): Promise<void> {
  const { clock, signal, monitorRetries } = options;
  let [index, failures] = [0, 0];
  while (!signal.aborted) {
    try {
      const seen = await recipe.checkHeld(session, { index, waitMs: waitMsMax, signal });
      if (!seen.isHeld) return;
      index = seen.index;
      failures = 0;
    } catch (error) {
      if (signal.aborted || failures >= monitorRetries || !isTemporary(error)) return;
      failures += 1;
      index = 0;
      await sleep(clock, monitorRetryMs, signal);
    }
  }
}

function isTemporary(error: unknown): boolean {
  return error instanceof OperatingError && (error.kind === "unavailable" || error.kind === "timeout");
}

/** Runs `act` and resolves with its result. Puts `what`, a text of Consul's client, before the message of an error. */
export async function withErrorPrefix<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (!(cause instanceof OperatingError)) throw cause;
    throw new OperatingError(cause.kind, "lock-failed", `${what}: ${messageOf(cause)}`, { cause });
  }
}
