import { type Clock, sleep } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";

/** Milliseconds after which a server tries again what failed for want of a leader. */
export const retryMs = 50;

/**
 * Repeats a task that needs a leader until it succeeds.
 * @param holdMs milliseconds after which it is given up
 * @throws OperatingError unavailable "no-leader" when the task has not succeeded in time; "store-closed"
 */
export async function whenThereIsALeader(
  task: () => Promise<void>,
  { clock, holdMs }: { readonly clock: Clock; readonly holdMs: number },
): Promise<void> {
  const waiting = new AbortController();
  const late = sleep(clock, holdMs, waiting.signal).then(() => {
    if (!waiting.signal.aborted) throw noLeader();
  });
  try {
    await Promise.race([repeat(task, clock, waiting.signal), late]);
  } finally {
    waiting.abort();
  }
}

async function repeat(task: () => Promise<void>, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      return await task();
    } catch (error) {
      // The engine of a server that leaves the cluster is closed before its listeners are.
      if (error instanceof OperatingError && error.code === "store-closed") throw error;
      await sleep(clock, retryMs, signal);
    }
  }
}

/** Consul's error text while no server leads. */
export const noLeaderText = "No cluster leader";

/** Returns the error of a read or write that found no leader in time. */
export function noLeader(): OperatingError {
  return new OperatingError("unavailable", "no-leader", noLeaderText);
}

/** Returns whether an operation failed because no server leads. */
export function isNoLeader(error: unknown): boolean {
  return error instanceof OperatingError && error.code === "no-leader";
}
