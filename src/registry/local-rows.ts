import type { Command, Outcome } from "../state/command.ts";

/** A row that only this agent uses. An undefined value deletes it. */
export interface LocalRow {
  readonly key: string;
  readonly value: Uint8Array | undefined;
}

/** A store that writes local rows in the same batch as commands. */
interface RowStore {
  submitTogether(commands: readonly Command[], rows: readonly LocalRow[]): Promise<readonly Outcome[]>;
}

/**
 * The data that this agent alone keeps over restarts: its node id, its registrations, its secrets. These rows are no part of
 * the state: they have no index and no topic, no snapshot has them, and no other server gets them. They share the file
 * and the syncs of the catalog's rows, in a table of their own.
 */
export class LocalRows {
  readonly #store: RowStore;

  constructor(store: RowStore) {
    this.#store = store;
  }

  /** Writes all rows or none, and resolves when they are durable. @throws OperatingError in the same cases as Store.submit */
  async save(rows: readonly LocalRow[]): Promise<void> {
    await this.#store.submitTogether([], rows);
  }

  /** Saves the rows and submits the commands, in one batch. @throws OperatingError in the same cases as Store.submitTogether */
  saveWith(rows: readonly LocalRow[], commands: readonly Command[]): Promise<readonly Outcome[]> {
    return this.#store.submitTogether(commands, rows);
  }
}
