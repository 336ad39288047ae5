import sortedBTree from "sorted-btree";

// sorted-btree is CommonJS: its default import is the class when Bun runs the sources, and the module in a bundle.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the package's types declare only the class
const BTree = ("default" in sortedBTree ? sortedBTree.default : sortedBTree) as typeof sortedBTree;
type BTree<K, V> = sortedBTree<K, V>;

/** Compares by order once, which costs more than all else in a search. */
function compareKeys(a: string, b: string): number {
  if (a < b) return -1;
  return a === b ? 0 : 1;
}

/** The read methods of an ordered map, and `edit`, which makes the next version. */
export interface OrderedTable<V> {
  readonly size: number;
  get(key: string): V | undefined;
  values(): IterableIterator<V>;
  entries(): IterableIterator<[string, V]>;
  /** Yields the entries whose keys start with `prefix`, in order; with `after`, only those with a key of `after` or above. */
  startingWith(prefix: string, after?: string): Generator<[string, V]>;
  /** Returns the entry with the highest key below `key`; undefined if all keys are above. */
  before(key: string): readonly [string, V] | undefined;
  /** Returns the entry with the lowest key that is `key` or above; undefined if all keys are below. */
  from(key: string): readonly [string, V] | undefined;
  edit(): OrderedMapEdit<V>;
}

/**
 * An immutable map ordered by key (UTF-16 code units), as a B+tree. A copy takes constant time and shares unchanged nodes,
 * so each version stays readable for as long as it is referenced.
 *
 * `edit` returns a private copy that takes any number of changes; `finish` makes it the next version.
 */
export class OrderedMap<V> implements OrderedTable<V> {
  readonly #tree: BTree<string, V>;

  private constructor(tree: BTree<string, V>) {
    this.#tree = tree;
  }

  static empty<V>(): OrderedMap<V> {
    return new OrderedMap(new BTree<string, V>(undefined, compareKeys));
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

  before(key: string): readonly [string, V] | undefined {
    return this.#tree.nextLowerPair(key);
  }

  from(key: string): readonly [string, V] | undefined {
    return this.#tree.getPairOrNextHigher(key);
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

  before(key: string): readonly [string, V] | undefined {
    return this.#tree.nextLowerPair(key);
  }

  from(key: string): readonly [string, V] | undefined {
    return this.#tree.getPairOrNextHigher(key);
  }

  set(key: string, value: V): void {
    this.#tree.set(key, value);
  }

  delete(key: string): void {
    this.#tree.delete(key);
  }

  /** Returns the next version. The edit must not be used afterwards. */
  finish(): OrderedMap<V> {
    return this.#wrap(this.#tree);
  }
}
