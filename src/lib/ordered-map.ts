import sortedBTree, { simpleComparator } from "sorted-btree";

// sorted-btree is CommonJS: run from its source the default import is the class, in a bundle it is the module around it.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types know only the first
const BTree = ("default" in sortedBTree ? sortedBTree.default : sortedBTree) as typeof sortedBTree;
type BTree<K, V> = sortedBTree<K, V>;

/** What an ordered map offers to who reads it, and to who makes the next version. */
export interface OrderedTable<V> {
  readonly size: number;
  get(key: string): V | undefined;
  values(): IterableIterator<V>;
  entries(): IterableIterator<[string, V]>;
  /** Entries whose keys start with `prefix`, in order; with `after`, only those whose keys are not below it. */
  startingWith(prefix: string, after?: string): Generator<[string, V]>;
  edit(): OrderedMapEdit<V>;
}

/**
 * An immutable map ordered by key (UTF-16 code units). A copy costs nothing and shares all that did not change, so each
 * version stays readable for as long as somebody holds it.
 *
 * Many changes in a row go through `edit`, which owns one private copy until `finish` gives it away.
 */
export class OrderedMap<V> implements OrderedTable<V> {
  readonly #tree: BTree<string, V>;

  private constructor(tree: BTree<string, V>) {
    this.#tree = tree;
  }

  static empty<V>(): OrderedMap<V> {
    return new OrderedMap(new BTree<string, V>(undefined, simpleComparator));
  }

  get size(): number {
    return this.#tree.size;
  }

  get(key: string): V | undefined {
    return this.#tree.get(key);
  }

  values(): IterableIterator<V> {
    return this.#tree.values();
  }

  entries(): IterableIterator<[string, V]> {
    return this.#tree.entries();
  }

  *startingWith(prefix: string, after: string = prefix): Generator<[string, V]> {
    for (const entry of this.#tree.entries(after)) {
      if (!entry[0].startsWith(prefix)) return;
      yield entry;
    }
  }

  edit(): OrderedMapEdit<V> {
    return new OrderedMapEdit(this.#tree.clone(), (tree) => new OrderedMap(tree));
  }
}

export class OrderedMapEdit<V> {
  readonly #tree: BTree<string, V>;
  readonly #wrap: (tree: BTree<string, V>) => OrderedMap<V>;

  constructor(tree: BTree<string, V>, wrap: (tree: BTree<string, V>) => OrderedMap<V>) {
    this.#tree = tree;
    this.#wrap = wrap;
  }

  get(key: string): V | undefined {
    return this.#tree.get(key);
  }

  set(key: string, value: V): void {
    this.#tree.set(key, value);
  }

  delete(key: string): void {
    this.#tree.delete(key);
  }

  /** The edit must not be used afterwards. */
  finish(): OrderedMap<V> {
    return this.#wrap(this.#tree);
  }
}
