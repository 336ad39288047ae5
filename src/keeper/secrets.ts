import type { LocalRow, LocalRows } from "../registry/local-rows.ts";

const prefix = "secret/";

/** The values of one secret by name, such as a user name and a password. */
export type Secret = Readonly<Record<string, string>>;

/**
 * Secrets that clients store through core-keeper's API, saved in the agent's own rows. No answer shows them, and no snapshot
 * contains them.
 */
export class Secrets {
  readonly #rows: LocalRows;
  readonly #secrets = new Map<string, Secret>();

  /** @param savedRows the agent's rows at the start; rows whose key does not begin with `secret/` are ignored */
  constructor(rows: LocalRows, savedRows: readonly LocalRow[]) {
    this.#rows = rows;
    for (const { key, value } of savedRows) {
      if (!key.startsWith(prefix) || value === undefined) continue;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only `store` writes these rows
      this.#secrets.set(key.slice(prefix.length), JSON.parse(new TextDecoder().decode(value)) as Secret);
    }
  }

  read(name: string): Secret | undefined {
    return this.#secrets.get(name);
  }

  /** Stores the secret, in place of an earlier one of this name. The secret is durable when the promise resolves. */
  async store(name: string, data: Secret): Promise<void> {
    await this.#rows.save([{ key: prefix + name, value: new TextEncoder().encode(JSON.stringify(data)) }]);
    this.#secrets.set(name, data);
  }
}
