import { type ReadonlySignal, signal } from "@preact/signals";
import { isSparing } from "../../live/sparing.ts";
import { readKeys } from "./transactions.ts";
import type { Pair } from "./value.ts";

/*
 * Values of the rows that a list shows, for previews and sizes. A folder's listing has the names only, and reading the whole folder
 * could be megabytes: so the rows in the window are read together.
 */

/** The rows that come into the window within this time are read together. */
const gatherMs = 60;

/** Values of a folder's keys, as far as rows have asked for them. */
export class Details {
  readonly #pairs = signal<ReadonlyMap<string, Pair>>(new Map());
  #wanted = new Set<string>();

  get pairs(): ReadonlySignal<ReadonlyMap<string, Pair>> {
    return this.#pairs;
  }

  /** Asks for a key's value; a connection that the user wants to be spared is spared. */
  want(key: string): void {
    if (isSparing()) return;
    if (this.#wanted.size === 0) setTimeout(() => void this.#read(), gatherMs);
    this.#wanted.add(key);
  }

  async #read(): Promise<void> {
    const keys = [...this.#wanted];
    this.#wanted = new Set();
    const found = await readKeys(keys);
    // Without them the list has its names all the same; the state of the screen says why nothing can be read.
    if ("fault" in found) return;
    const pairs = new Map(this.#pairs.peek());
    for (const key of keys) {
      const pair = found.pairs.get(key);
      if (pair) pairs.set(key, pair);
      else pairs.delete(key);
    }
    this.#pairs.value = pairs;
  }
}
