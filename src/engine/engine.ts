/**
 * A durable, ordered store of rows. An engine knows tables, keys and bytes, and nothing of what they mean.
 * engine.suite.ts holds every implementation to this contract.
 *
 * Life cycle: opening returns the engine with the rows and the revision it holds (OpenedEngine); it takes batches until it
 * is closed. One process has it open at a time.
 *
 * Invariants:
 * - A batch is durable whole or not at all, and in the order in which the commits were made.
 * - What was committed is there at the next opening, whatever ended the process.
 */
export interface Engine {
  /**
   * Makes all rows of the batch and its revision durable, or none of them. When it resolves, the batch outlives a power
   * cut. When it rejects (OperatingError "unavailable": disk full, I/O error), nothing of the batch is kept and the
   * engine still takes later batches. Calls are applied in the order they are made; the caller need not wait for one
   * before it makes the next. Within a batch a later change of a row wins.
   */
  commit(batch: Batch): Promise<void>;
  /** Resolves once the commits before it are answered; rejects when the engine can no longer write. */
  ping(): Promise<void>;
  /** Waits for the commits under way, then releases files and locks. Idempotent; commit rejects afterwards. */
  close(): Promise<void>;
}

export interface Batch {
  /** The newest index in the batch; never lower than that of the batch before. */
  readonly revision: number;
  readonly changes: readonly RowChange[];
}

export interface RowChange {
  readonly table: string;
  readonly key: string;
  /** undefined deletes the row; deleting a row that is not there is no error. */
  readonly value: Uint8Array | undefined;
}

export interface Row {
  readonly table: string;
  readonly key: string;
  readonly value: Uint8Array;
}

/** An engine that was just opened, with what it holds. `rows` is ordered by table, then key (UTF-8 bytes). */
export interface OpenedEngine {
  readonly engine: Engine;
  /** That of the newest batch; 0 for a new store. */
  readonly revision: number;
  readonly rows: readonly Row[];
}
