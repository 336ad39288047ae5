/** Given up places at the front are cut off when there are so many, and more than items left. */
const gapMax = 1_024;

/** First in, first out; taking the first of many costs as little as taking the first of few. */
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

  /** Takes the first away; undefined when there is none. */
  take(): Item | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#first];
    this.#items[this.#first] = undefined;
    this.#first += 1;
    if (this.#first >= gapMax && this.#first > this.size) this.replace(this.#rest());
    return item;
  }

  /** These go before all that is there, in their order. */
  putBack(items: readonly Item[]): void {
    this.replace([...items, ...this.#rest()]);
  }

  /** From now on there is this and nothing else. */
  replace(items: readonly (Item | undefined)[]): void {
    this.#items = [...items];
    this.#first = 0;
  }

  #rest(): readonly (Item | undefined)[] {
    return this.#items.slice(this.#first);
  }
}
