import type { Clock, Timer } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import { KeyedQueue } from "../lib/keyed-queue.ts";

/** How long after a change that may have been made it is made again. */
const againMs = 1_000;

/**
 * Makes changes that share a key one after the other, all others side by side.
 *
 * A disk that does not answer leaves a change unknown: it may still be made, and then the disk has it and the agent does
 * not. Such a change is made again until the disk has answered, so that both end with the same; whoever made it was told
 * that it may still be done. Until then other changes of its keys are refused, for nobody knows what they would start from.
 */
export class RetryingQueue {
  readonly #clock: Clock;
  readonly #queue = new KeyedQueue();
  readonly #unknown = new Set<string>();
  readonly #timers = new Set<Timer>();
  #stopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param task may be run again: it starts from what is there
   * @throws what `task` throws; OperatingError unavailable while an earlier change of a key is unknown
   */
  run(keys: readonly string[], task: () => Promise<void>): Promise<void> {
    return this.#queue.run(keys, async () => {
      this.requireKnown(keys);
      try {
        await task();
      } catch (error) {
        if (isUnconfirmed(error)) this.#makeAgain(keys, task);
        throw error;
      }
    });
  }

  /** @throws OperatingError unavailable while an earlier change of a key is unknown */
  requireKnown(keys: readonly string[]): void {
    if (keys.some((key) => this.#unknown.has(key))) throw earlierChangeUnknown();
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  #makeAgain(keys: readonly string[], task: () => Promise<void>): void {
    if (this.#stopped) return;
    for (const key of keys) this.#unknown.add(key);
    const timer = this.#clock.schedule(againMs, () => {
      this.#timers.delete(timer);
      this.#queue.run(keys, task).then(
        () => this.#forget(keys),
        (error: unknown) => (isOfTheDisk(error) ? this.#makeAgain(keys, task) : this.#forget(keys)),
      );
    });
    this.#timers.add(timer);
  }

  #forget(keys: readonly string[]): void {
    for (const key of keys) this.#unknown.delete(key);
  }
}

function isUnconfirmed(error: unknown): boolean {
  return error instanceof OperatingError && error.kind === "timeout";
}

function isOfTheDisk(error: unknown): boolean {
  return error instanceof OperatingError && (error.kind === "timeout" || error.kind === "unavailable");
}

function earlierChangeUnknown(): OperatingError {
  const message =
    "the disk has not confirmed an earlier change of the same service or check, and until it does no other is taken: " +
    "this one was not done. Look at the disk.";
  return new OperatingError("unavailable", "change-unknown", message);
}
