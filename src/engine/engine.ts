/**
 * A durable, ordered store of rows that the state is kept in. Engines know tables, keys and bytes, nothing of services.
 * One suite (engine.suite.ts) holds every implementation to this contract.
 */
export interface Engine {
  /**
   * Makes all rows of the batch and its revision durable, or none of them. When it resolves, the batch outlives a power
   * cut. When it rejects (OperatingError "unavailable": disk full, I/O error), nothing of the batch is kept and the
   * engine still takes later batches. Calls are applied in the order they are made; the caller need not wait for one
   * before it makes the next. Within a batch a later change of a row wins.
   */
  commit(batch: Batch): Promise<void>;
  /** Resolves once the engine has answered for the commits before it; rejects when it can't write any more. */
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

/** What an engine found when it was opened. `rows` is ordered by table, then key (UTF-8 bytes). */
export interface OpenedEngine {
  readonly engine: Engine;
  /** 0 for a new store. */
  readonly revision: number;
  readonly rows: readonly Row[];
}
