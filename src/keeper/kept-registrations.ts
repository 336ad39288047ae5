import type { LocalRows } from "../agent/catalog.ts";
import type { SavedRow } from "../agent/local-state.ts";
import { RetryingQueue } from "../agent/retrying-queue.ts";
import type { Clock } from "../lib/clock.ts";
import type { KeeperRegistration } from "../model/keeper-registration.ts";

const prefix = "keeper/";

/**
 * Registrations as they came, for what the agent's services have no place for: the status that was given, the interval as
 * it was written, when it came. One that is halted is nowhere else.
 *
 * A change that the disk may have confirmed too late is made again until it is known, as the agent does with its own.
 */
export class KeptRegistrations {
  readonly #rows: LocalRows;
  readonly #changes: RetryingQueue;
  readonly #kept = new Map<string, KeeperRegistration>();

  /** @param saved the rows that were kept, among others */
  constructor(rows: LocalRows, saved: readonly SavedRow[], clock: Clock) {
    this.#rows = rows;
    this.#changes = new RetryingQueue(clock);
    for (const { key, value } of saved) {
      if (!key.startsWith(prefix) || value === undefined) continue;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the shape is ours: only `put` writes these rows
      this.#kept.set(key.slice(prefix.length), JSON.parse(new TextDecoder().decode(value)) as KeeperRegistration);
    }
  }

  get(serviceId: string): KeeperRegistration | undefined {
    return this.#kept.get(serviceId);
  }

  values(): Iterable<KeeperRegistration> {
    return this.#kept.values();
  }

  /** Durable when it resolves. */
  put(registration: KeeperRegistration): Promise<void> {
    const value = new TextEncoder().encode(JSON.stringify(registration));
    const { serviceId } = registration;
    return this.#changes.run([serviceId], async () => {
      await this.#rows.save([{ key: prefix + serviceId, value }]);
      this.#kept.set(serviceId, registration);
    });
  }

  /** @param isWanted asked when its turn has come */
  delete(serviceId: string, isWanted: () => boolean = () => true): Promise<void> {
    return this.#changes.run([serviceId], async () => {
      if (!this.#kept.has(serviceId) || !isWanted()) return;
      await this.#rows.save([{ key: prefix + serviceId, value: undefined }]);
      this.#kept.delete(serviceId);
    });
  }

  /** @throws OperatingError unavailable while it is not known what became of an earlier change */
  requireKnown(serviceId: string): void {
    this.#changes.requireKnown([serviceId]);
  }

  /** Nothing is made again. */
  stop(): void {
    this.#changes.stop();
  }
}
