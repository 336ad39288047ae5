import type { Clock, Timer } from "../lib/clock.ts";

/** A wait is at most as long as the last commit, and as this. */
const waitMsMax = 25;
/** A shorter wait is left out: a timer would make it longer. */
const waitMsMin = 0.25;
/** A wait was in vain if it brought less than this part of the writes that it was for. */
const partInVain = 1 / 8;
/** Number of batches without a wait after a wait that was in vain. */
const batchesAfterVain = 16;

/**
 * The wait of a queue of writes between two batches, for the next writes of the callers that have just got their outcomes.
 *
 * A caller writes again when it has its outcome. Without the wait, the queue commits at once what came during the last commit, and the
 * callers of the last batch are too late: two halves of the callers take turns, and each write waits for two commits. With it,
 * one commit takes the writes of all. Callers that do not come back are soon not waited for.
 */
export class Gathering {
  readonly #clock: Clock;
  #batchesWithout = 0;
  #wait: { readonly writes: number; readonly end: () => void; readonly timer: Timer } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Resolves when the queue has as many writes as callers waited when the last batch was durable, or after as long as its commit took.
   * @param callers the number of writes in that batch and in the queue at its end
   * @param queued returns the number of writes in the queue
   */
  async wait(
    callers: number,
    { commitMs, queued }: { readonly commitMs: number; readonly queued: () => number },
  ): Promise<void> {
    const missing = callers - queued();
    const waitMs = Math.min(commitMs, waitMsMax);
    if (missing <= 0 || waitMs < waitMsMin) return;
    if (this.#batchesWithout > 0) {
      this.#batchesWithout -= 1;
      return;
    }
    await new Promise<void>((end) => {
      this.#wait = { writes: callers, end, timer: this.#clock.schedule(waitMs, end) };
    });
    this.end();
    const come = missing - (callers - queued());
    if (come < missing * partInVain) this.#batchesWithout = batchesAfterVain;
  }

  /** Ends the wait if the queue has all writes that it waits for. */
  arrived(queued: number): void {
    if (this.#wait && queued >= this.#wait.writes) this.end();
  }

  /** Ends the wait. */
  end(): void {
    this.#wait?.timer.cancel();
    this.#wait?.end();
    this.#wait = undefined;
  }
}
