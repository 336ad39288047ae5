import type { Clock, Timer } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { LocalRows } from "../registry/local-rows.ts";
import type { LocalRow, Store } from "../registry/store.ts";

const rowKey = "bus/position";
/** A write in this time at the most, and none while nothing is told. */
const saveAfterMs = 5_000;

/**
 * Up to which index changes have been told, kept with this agent's own rows. It may be some seconds behind: after a
 * sudden end what was told in that time is told again.
 */
export class SavedPosition {
  readonly #rows: LocalRows;
  readonly #clock: Clock;
  readonly #log: Log;
  #saved: number;
  #timer: Timer | undefined;
  #stopped = false;
  /** The log says so already. */
  #hasFailed = false;

  private constructor(rows: LocalRows, saved: number, { clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#rows = rows;
    this.#saved = saved;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Where there is none yet, it begins with what is written from now on.
   * @throws OperatingError unavailable when that cannot be kept
   */
  static async open(
    store: Store,
    rows: readonly LocalRow[],
    world: { readonly clock: Clock; readonly log: Log },
  ): Promise<SavedPosition> {
    const row = rows.find(({ key }) => key === rowKey)?.value;
    const saved = Number(row === undefined ? Number.NaN : new TextDecoder().decode(row));
    if (Number.isSafeInteger(saved)) return new SavedPosition(new LocalRows(store), saved, world);
    const position = new SavedPosition(new LocalRows(store), -1, world);
    await position.#save(store.state.index);
    return position;
  }

  /** The index that is durable. */
  get saved(): number {
    return this.#saved;
  }

  /** It may have moved: what `read` says then is saved before long, or when the disk takes it. */
  saveSoon(read: () => number): void {
    if (this.#stopped) return;
    this.#timer ??= this.#clock.schedule(saveAfterMs, () => {
      this.#timer = undefined;
      void this.#trySave(read()).then((isSaved) => isSaved || this.saveSoon(read));
    });
  }

  /** For the last time. */
  async saveAndStop(index: number): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#trySave(index);
  }

  /** Whether it is saved. */
  async #trySave(index: number): Promise<boolean> {
    try {
      await this.#save(index);
      this.#hasFailed = false;
      return true;
    } catch (error) {
      this.#sayOnce(messageOf(error));
      return false;
    }
  }

  #sayOnce(reason: string): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#log.warn("cannot save how far changes have been told; some may be told twice after a restart", { reason });
  }

  async #save(index: number): Promise<void> {
    if (index === this.#saved) return;
    const value = new TextEncoder().encode(String(index));
    await this.#rows.save([{ key: rowKey, value }]);
    this.#saved = index;
  }
}
