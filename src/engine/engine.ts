/**
 * A durable, ordered store of rows. An engine stores bytes by table and key, and does not interpret them.
 * engine.suite.ts holds every implementation to this contract.
 *
 * Life cycle: opening returns the engine with the rows and the revision that it holds (OpenedEngine). The engine accepts
 * batches until it is closed. One process at a time may open a store.
 *
 * Invariants:
 * - A batch is durable whole or not at all, and batches become durable in the order of their commits.
 * - The next opening returns every committed batch, also after a kill or a power cut.
 */
export interface Engine {
  /**
   * Makes all rows of the batch and its revision durable, or none of them. When the promise resolves, the batch outlives a power
   * cut. When it rejects (OperatingError "unavailable": disk full, I/O error), no part of the batch is stored and the engine
   * still accepts later batches. Batches are committed in the order in which `commit` is called; the caller need not await one
   * commit before the next. If a batch changes a row twice, the later change is stored.
   */
  commit(batch: Batch): Promise<void>;
  /** Resolves once all earlier commits have resolved or rejected; rejects when the engine can no longer write. */
  ping(): Promise<void>;
  /** Waits for the pending commits, then releases files and locks. Idempotent; later commits reject. */
  close(): Promise<void>;
}

export interface Batch {
  /** The highest index in the batch. It is never lower than the revision of the previous batch. */
  readonly revision: number;
  readonly changes: readonly RowChange[];
}

export interface RowChange {
  readonly table: string;
  readonly key: string;
  /** The row's new bytes; undefined deletes the row. Deleting a row that does not exist is no error. */
  readonly value: Uint8Array | undefined;
}

export interface Row {
  readonly table: string;
  readonly key: string;
  readonly value: Uint8Array;
}

/** An engine that was just opened, with the rows that it holds. `rows` is ordered by table, then key (UTF-8 bytes). */
export interface OpenedEngine {
  readonly engine: Engine;
  /** The revision of the newest batch; 0 for a new store. */
  readonly revision: number;
  readonly rows: readonly Row[];
}
