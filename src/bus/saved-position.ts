import type { Clock, Timer } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { LocalRow, LocalRows } from "../registry/local-rows.ts";

const rowKey = "bus/position";
/** Minimum time between two writes of the position, in milliseconds. The position is written only when it has changed. */
const saveAfterMs = 5_000;

interface PositionOptions {
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Saves the index up to which changes have been published, in the engine's table `local`. The saved index may be some
 * seconds old: after a crash the agent publishes the changes above that index again.
 */
export class SavedPosition {
  readonly #rows: LocalRows;
  readonly #clock: Clock;
  readonly #log: Log;
  #saved: number;
  #timer: Timer | undefined;
  #stopped = false;
  /** Whether the last save failed. Only the first failure in a row is logged. */
  #hasFailed = false;

  private constructor(rows: LocalRows, saved: number, { clock, log }: PositionOptions) {
    this.#rows = rows;
    this.#saved = saved;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Reads the saved position. If no position is saved, saves the store's index, so that only later changes are published.
   * @throws OperatingError unavailable when the store's index cannot be saved
   */
  static async open(
    local: readonly LocalRow[],
    { localRows, newest, ...options }: PositionOptions & { readonly localRows: LocalRows; readonly newest: number },
  ): Promise<SavedPosition> {
    const row = local.find(({ key }) => key === rowKey)?.value;
    const saved = Number(row === undefined ? Number.NaN : new TextDecoder().decode(row));
    if (Number.isSafeInteger(saved)) return new SavedPosition(localRows, saved, options);
    const position = new SavedPosition(localRows, -1, options);
    await position.#save(newest);
    return position;
  }

  /** The position that was last written durably. */
  get saved(): number {
    return this.#saved;
  }

  /** Saves the position that `read` returns, within some seconds, and retries until the write succeeds. */
  saveSoon(read: () => number): void {
    if (this.#stopped) return;
    this.#timer ??= this.#clock.schedule(saveAfterMs, () => {
      this.#timer = undefined;
      void this.#trySave(read()).then((isSaved) => isSaved || this.saveSoon(read));
    });
  }

  /** Saves the position a last time: cancels a pending save, and later calls of saveSoon do nothing. Logs a failure. */
  async saveAndStop(index: number): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#trySave(index);
  }

  /** Saves the position. Resolves with whether that succeeded. */
  async #trySave(index: number): Promise<boolean> {
    try {
      await this.#save(index);
      this.#hasFailed = false;
      return true;
    } catch (error) {
      this.#warnOnce(messageOf(error));
      return false;
    }
  }

  #warnOnce(reason: string): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#log.warn("cannot save the position of published changes; some may be published twice after a restart", {
      reason,
    });
  }

  async #save(index: number): Promise<void> {
    if (index === this.#saved) return;
    const value = new TextEncoder().encode(String(index));
    await this.#rows.save([{ key: rowKey, value }]);
    this.#saved = index;
  }
}
