/** The array is compacted when it has this number of empty slots at its front, and more empty slots than items. */
const gapMax = 1_024;

/** A first-in, first-out queue. `take` costs amortised constant time, unlike Array.shift. */
export class Fifo<Item> {
  #items: (Item | undefined)[] = [];
  #first = 0;

  get size(): number {
    return this.#items.length - this.#first;
  }

  get first(): Item | undefined {
    return this.#items[this.#first];
  }

  add(item: Item): void {
    this.#items.push(item);
  }

  /** Removes and returns the first item; undefined when the queue is empty. */
  take(): Item | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#first];
    this.#items[this.#first] = undefined;
    this.#first += 1;
    if (this.#first >= gapMax && this.#first > this.size) this.replace(this.#rest());
    return item;
  }

  /** Inserts the items at the front, in their order. */
  putBack(items: readonly Item[]): void {
    this.replace([...items, ...this.#rest()]);
  }

  /** Replaces all items of the queue. */
  replace(items: readonly (Item | undefined)[]): void {
    this.#items = [...items];
    this.#first = 0;
  }

  #rest(): readonly (Item | undefined)[] {
    return this.#items.slice(this.#first);
  }
}
