import type { Along } from "../agent/service-registration.ts";
import { RetryingQueue } from "../agent/retrying-queue.ts";
import type { Clock } from "../lib/clock.ts";
import type { KeeperRegistration } from "../model/keeper-registration.ts";
import type { LocalRow, LocalRows } from "../registry/local-rows.ts";

const prefix = "keeper/";

/**
 * Saves registrations of core-keeper's API in the agent's rows, for the fields that the agent's services do not have: the
 * client's status, the interval as the client wrote it, the times. A registration with status HALT exists in these rows only.
 *
 * A row is written in the same batch as the agent's change of the service. If the disk does not confirm the batch in time, the
 * agent repeats the change together with the row. Only a stale registration is deleted in a batch without another change.
 */
export class SavedRegistrations {
  readonly #rows: LocalRows;
  readonly #changes: RetryingQueue;
  readonly #saved = new Map<string, KeeperRegistration>();

  /** @param savedRows the agent's rows at the start; rows whose key does not begin with `keeper/` are ignored */
  constructor(rows: LocalRows, savedRows: readonly LocalRow[], clock: Clock) {
    this.#rows = rows;
    this.#changes = new RetryingQueue(clock);
    for (const { key, value } of savedRows) {
      if (!key.startsWith(prefix) || value === undefined) continue;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only `putting` makes these rows
      this.#saved.set(key.slice(prefix.length), JSON.parse(new TextDecoder().decode(value)) as KeeperRegistration);
    }
  }

  get(serviceId: string): KeeperRegistration | undefined {
    return this.#saved.get(serviceId);
  }

  values(): Iterable<KeeperRegistration> {
    return this.#saved.values();
  }

  /** Returns the write that saves the registration, for the batch in which the agent changes the service. */
  putting(registration: KeeperRegistration): Along {
    const { serviceId } = registration;
    const value = new TextEncoder().encode(JSON.stringify(registration));
    return {
      rows: [{ key: prefix + serviceId, value }],
      onDurable: () => void this.#saved.set(serviceId, registration),
    };
  }

  /** Returns the write that deletes the registration, for the batch in which the agent changes the service. */
  deleting(serviceId: string): Along {
    const rows = this.#saved.has(serviceId) ? [{ key: prefix + serviceId, value: undefined }] : [];
    return { rows, onDurable: () => void this.#saved.delete(serviceId) };
  }

  /**
   * Deletes the registration. The deletion is durable when the promise resolves.
   * @param isWanted called after earlier changes of the service are done; false keeps the registration
   */
  delete(serviceId: string, isWanted: () => boolean): Promise<void> {
    return this.#changes.run([serviceId], async () => {
      if (!this.#saved.has(serviceId) || !isWanted()) return;
      await this.#rows.save([{ key: prefix + serviceId, value: undefined }]);
      this.#saved.delete(serviceId);
    });
  }

  /**
   * Refuses a change of the service while an earlier change of its registration may still become durable.
   * @throws OperatingError unavailable
   */
  requireKnown(serviceId: string): void {
    this.#changes.requireKnown([serviceId]);
  }

  /** Stops repeating the writes that the disk has not confirmed. */
  stop(): void {
    this.#changes.stop();
  }
}
