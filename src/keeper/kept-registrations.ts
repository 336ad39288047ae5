import type { LocalRows } from "../agent/catalog.ts";
import type { SavedRow } from "../agent/registrations.ts";
import type { KeeperRegistration } from "../model/keeper-registration.ts";

const prefix = "keeper/";

/**
 * Registrations as they came, for what the agent's services have no place for: the status that was given, the interval as
 * it was written, when it came. One that is halted is nowhere else.
 */
export class KeptRegistrations {
  readonly #rows: LocalRows;
  readonly #kept = new Map<string, KeeperRegistration>();

  /** @param saved the rows that were kept, among others */
  constructor(rows: LocalRows, saved: readonly SavedRow[]) {
    this.#rows = rows;
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
  async put(registration: KeeperRegistration): Promise<void> {
    const value = new TextEncoder().encode(JSON.stringify(registration));
    await this.#rows.save([{ key: prefix + registration.serviceId, value }]);
    this.#kept.set(registration.serviceId, registration);
  }

  async delete(serviceId: string): Promise<void> {
    if (!this.#kept.has(serviceId)) return;
    await this.#rows.save([{ key: prefix + serviceId, value: undefined }]);
    this.#kept.delete(serviceId);
  }
}
