import type { Along } from "../agent/service-registration.ts";
import { RetryingQueue } from "../agent/retrying-queue.ts";
import type { Clock } from "../lib/clock.ts";
import type { KeeperRegistration } from "../model/keeper-registration.ts";
import type { LocalRows } from "../registry/local-rows.ts";
import type { LocalRow } from "../registry/store.ts";

const prefix = "keeper/";

/**
 * Registrations as they came, for what the agent's services have no place for: the status that was given, the interval as
 * it was written, when it came. One that is halted is nowhere else.
 *
 * They are written in the batch of the agent's own change of the service, and so is what the agent makes again because
 * the disk may have confirmed it too late. Only a registration that is out of date is deleted by itself.
 */
export class KeptRegistrations {
  readonly #rows: LocalRows;
  readonly #changes: RetryingQueue;
  readonly #kept = new Map<string, KeeperRegistration>();

  /** @param saved the rows that were kept, among others */
  constructor(rows: LocalRows, saved: readonly LocalRow[], clock: Clock) {
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

  /** Keeps the registration, in the batch of a change of its service. */
  putting(registration: KeeperRegistration): Along {
    const { serviceId } = registration;
    const value = new TextEncoder().encode(JSON.stringify(registration));
    return {
      rows: [{ key: prefix + serviceId, value }],
      onDurable: () => void this.#kept.set(serviceId, registration),
    };
  }

  /** Forgets the registration, in the batch of a change of its service. */
  deleting(serviceId: string): Along {
    const rows = this.#kept.has(serviceId) ? [{ key: prefix + serviceId, value: undefined }] : [];
    return { rows, onDurable: () => void this.#kept.delete(serviceId) };
  }

  /** Forgets the registration if `isWanted` still says so in its turn. Durable when it resolves. */
  delete(serviceId: string, isWanted: () => boolean): Promise<void> {
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
