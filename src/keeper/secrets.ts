import type { LocalRows } from "../registry/local-rows.ts";
import type { LocalRow } from "../registry/store.ts";

const prefix = "secret/";

/** A user's name, a password and the like, by their names. */
export type Secret = Readonly<Record<string, string>>;

/**
 * What core-keeper is told in confidence. Kept with what this agent itself must remember: no answer shows it, and no
 * snapshot has it.
 */
export class Secrets {
  readonly #rows: LocalRows;
  readonly #secrets = new Map<string, Secret>();

  /** @param saved the rows that were kept, among others */
  constructor(rows: LocalRows, saved: readonly LocalRow[]) {
    this.#rows = rows;
    for (const { key, value } of saved) {
      if (!key.startsWith(prefix) || value === undefined) continue;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the shape is ours: only `store` writes these rows
      this.#secrets.set(key.slice(prefix.length), JSON.parse(new TextDecoder().decode(value)) as Secret);
    }
  }

  read(name: string): Secret | undefined {
    return this.#secrets.get(name);
  }

  /** Replaces what the name had. Durable when it resolves. */
  async store(name: string, data: Secret): Promise<void> {
    await this.#rows.save([{ key: prefix + name, value: new TextEncoder().encode(JSON.stringify(data)) }]);
    this.#secrets.set(name, data);
  }
}
