import type { Batch, Engine, OpenedEngine, Row } from "../engine.ts";
import { storeClosed } from "../store-closed.ts";

/** Holds rows that outlive a memory engine. It replaces the disk in tests that stop and start an agent. */
export class MemoryStore {
  revision = 0;
  readonly #tables: Map<string, Map<string, Uint8Array>> = new Map();

  apply(batch: Batch): void {
    for (const { table, key, value } of batch.changes) {
      if (value === undefined) this.#tables.get(table)?.delete(key);
      else this.#table(table).set(key, new Uint8Array(value));
    }
    this.revision = batch.revision;
  }

  #table(name: string): Map<string, Uint8Array> {
    const table = this.#tables.get(name) ?? new Map<string, Uint8Array>();
    this.#tables.set(name, table);
    return table;
  }

  /** Returns the rows ordered by table, then key, as UTF-8 bytes; JavaScript would compare the strings as UTF-16. */
  rows(): Row[] {
    const rows: Row[] = [];
    for (const [table, values] of this.#tables) for (const [key, value] of values) rows.push({ table, key, value });
    return rows.toSorted((a, b) => compareBytes(a.table, b.table) || compareBytes(a.key, b.key));
  }
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Opens an engine that keeps rows in `store`. Without `store` it keeps no rows, since no later engine could read them. */
export function openMemoryEngine(store?: MemoryStore): OpenedEngine {
  return { engine: new MemoryEngine(store), revision: store?.revision ?? 0, rows: store?.rows() ?? [] };
}

class MemoryEngine implements Engine {
  readonly #store: MemoryStore | undefined;
  #closed = false;

  constructor(store: MemoryStore | undefined) {
    this.#store = store;
  }

  async commit(batch: Batch): Promise<void> {
    if (this.#closed) throw storeClosed();
    this.#store?.apply(batch);
  }

  async ping(): Promise<void> {
    if (this.#closed) throw storeClosed();
  }

  async close(): Promise<void> {
    this.#closed = true;
  }
}
