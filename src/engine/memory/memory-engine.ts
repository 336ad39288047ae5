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

  /** Returns the rows ordered by table, then key, as UTF-8 bytes. */
  rows(): Row[] {
    const rows: Row[] = [];
    for (const [table, values] of this.#tables) for (const [key, value] of values) rows.push({ table, key, value });
    return rows.toSorted((a, b) => compareUtf8(a.table, b.table) || compareUtf8(a.key, b.key));
  }
}

/**
 * Compares as the UTF-8 bytes do, without encoding them, because a load sorts every row. JavaScript would compare code units of
 * UTF-16, where the surrogates of the characters above U+FFFF precede U+E000 to U+FFFF.
 */
function compareUtf8(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (left !== right) return rankOf(left) - rankOf(right);
  }
  return a.length - b.length;
}

function rankOf(codeUnit: number): number {
  return codeUnit >= 0xd800 && codeUnit < 0xe000 ? codeUnit + 0x10000 : codeUnit;
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
