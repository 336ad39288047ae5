import type { Clock, Timer } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import { KeyedQueue } from "../lib/keyed-queue.ts";

/** Milliseconds after which the queue retries an unconfirmed change. */
const retryMs = 1_000;

/**
 * Runs changes that share a key one after the other, and changes without a common key concurrently.
 *
 * When the disk does not answer in time, the caller gets a timeout and the change may still become durable: the disk would
 * then have a change that the agent lacks. The queue retries such a change until the disk has answered; then both the disk
 * and the agent have it, or neither has. Until then the queue refuses other changes of the same keys, since the state from
 * which they start is unknown.
 *
 *     idle ──run──▶ running ──confirmed or refused──▶ idle
 *                      │ timeout                        ▲
 *                      ▼                                │ confirmed or refused
 *                   unknown ──after retryMs──▶ retried ─┤
 *                      ▲                                │ timeout, unavailable
 *                      └────────────────────────────────┘
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
   * Runs a change after all earlier changes of the same keys.
   * @param task may run more than once, and starts from the present state each time
   * @throws what `task` throws; OperatingError unavailable while an earlier change of a key is unconfirmed
   */
  run(keys: readonly string[], task: () => Promise<void>): Promise<void> {
    return this.#queue.run(keys, async () => {
      this.requireKnown(keys);
      try {
        await task();
      } catch (error) {
        if (isUnconfirmed(error)) this.#retry(keys, task);
        throw error;
      }
    });
  }

  /** Verifies that no change of these keys is unconfirmed. @throws OperatingError unavailable if one is */
  requireKnown(keys: readonly string[]): void {
    if (keys.some((key) => this.#unknown.has(key))) throw earlierChangeUnknown();
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  #retry(keys: readonly string[], task: () => Promise<void>): void {
    if (this.#stopped) return;
    for (const key of keys) this.#unknown.add(key);
    const timer = this.#clock.schedule(retryMs, () => {
      this.#timers.delete(timer);
      this.#queue.run(keys, task).then(
        () => this.#settle(keys),
        (error: unknown) => (isDiskTrouble(error) ? this.#retry(keys, task) : this.#settle(keys)),
      );
    });
    this.#timers.add(timer);
  }

  #settle(keys: readonly string[]): void {
    for (const key of keys) this.#unknown.delete(key);
  }
}

function isUnconfirmed(error: unknown): boolean {
  return error instanceof OperatingError && error.kind === "timeout";
}

function isDiskTrouble(error: unknown): boolean {
  return error instanceof OperatingError && (error.kind === "timeout" || error.kind === "unavailable");
}

function earlierChangeUnknown(): OperatingError {
  const message =
    "the disk has not confirmed an earlier change of the same service or check, and until it does no other is taken: " +
    "this one was not done. Look at the disk.";
  return new OperatingError("unavailable", "change-unknown", message);
}
