/** The command that last wrote a row, and the bounds of the command's index. */
interface Stamp {
  /** The number of the command in the order of all commands of the group. */
  readonly order: number;
  /** The lower and the upper bound of the index. Both equal the index as soon as an answer has contained it. */
  readonly least: number;
  readonly most: number;
}

interface Row<Content> {
  readonly content: Content;
  readonly stamp: Stamp;
}

/**
 * The rows of a group, each with bounds of the index of the command that wrote it. The answer to a write does not
 * contain the index; the first read of the row does. Until then the bounds follow from the known indexes of earlier and
 * later commands. So the model detects an order of commands that contradicts their indexes, and two commands with the
 * same index. Immutable: each change returns a new value.
 */
export class IndexedRows<Content> {
  readonly #rows: ReadonlyMap<string, Row<Content>>;
  /** The command to which the next writes belong. */
  readonly #stamp: Stamp;
  /** The highest index known of any command of the group, including commands whose rows are deleted. */
  readonly #newest: number;

  private constructor(rows: ReadonlyMap<string, Row<Content>>, stamp: Stamp, newest: number) {
    this.#rows = rows;
    this.#stamp = stamp;
    this.#newest = newest;
  }

  static empty<Content>(): IndexedRows<Content> {
    return new IndexedRows<Content>(new Map(), { order: 0, least: 1, most: Infinity }, 0);
  }

  get keys(): readonly string[] {
    return [...this.#rows.keys()].toSorted();
  }

  get(key: string): Content | undefined {
    return this.#rows.get(key)?.content;
  }

  /** Returns the rows with a new command begun, to which later writes belong. */
  nextCommand(): IndexedRows<Content> {
    const stamp = { order: this.#stamp.order + 1, least: this.#newest + 1, most: Infinity };
    return new IndexedRows(this.#rows, stamp, this.#newest);
  }

  put(key: string, content: Content): IndexedRows<Content> {
    const rows = new Map(this.#rows).set(key, { content, stamp: this.#stamp });
    return new IndexedRows(rows, this.#stamp, this.#newest);
  }

  delete(key: string): IndexedRows<Content> {
    const rows = new Map(this.#rows);
    rows.delete(key);
    return new IndexedRows(rows, this.#stamp, this.#newest);
  }

  /** Returns whether the row of `key` has this index; undefined when its bounds allow this index and others. */
  hasIndex(key: string, index: number): boolean | undefined {
    const stamp = this.#rows.get(key)?.stamp;
    if (!stamp || index < stamp.least || index > stamp.most) return false;
    return stamp.least === stamp.most ? true : undefined;
  }

  /** Returns the rows with narrower bounds, given that the row of `key` has this index; undefined when its bounds exclude it. */
  withIndex(key: string, index: number): IndexedRows<Content> | undefined {
    const told = this.#rows.get(key)?.stamp;
    if (!told || this.hasIndex(key, index) === false) return undefined;
    const narrow = (stamp: Stamp): Stamp => narrowed(stamp, told.order, index);
    const rows = new Map([...this.#rows].map(([each, row]) => [each, { ...row, stamp: narrow(row.stamp) }] as const));
    return new IndexedRows(rows, narrow(this.#stamp), Math.max(this.#newest, index));
  }

  /** Returns a text that is equal for rows without an observable difference. */
  keyWith(textOf: (content: Content) => string): string {
    const open = [...this.#rows.values()].map(({ stamp }) => stamp).filter(({ least, most }) => least !== most);
    const orders = [...new Set(open.map(({ order }) => order))].toSorted((a, b) => a - b);
    const rows = this.keys.map((key) => {
      const row = this.#rows.get(key);
      if (!row) return "";
      const { order, least, most } = row.stamp;
      return `${key}=${textOf(row.content)}@${least === most ? least : `${orders.indexOf(order)}:${least}-${most}`}`;
    });
    return `${rows.join(" ")} ${this.#newest}`;
  }

  /** Returns a readable form of the rows for failure messages. */
  show(textOf: (content: Content) => string): string {
    const rows = this.keys.flatMap((key) => {
      const row = this.#rows.get(key);
      return row ? [`${key} = ${textOf(row.content)} ${showStamp(row.stamp)}`] : [];
    });
    return rows.length === 0 ? "nothing" : rows.join(", ");
  }
}

/**
 * Narrows the bounds of a stamp by the known index of the command with number `order`: indexes rise in the order of the commands,
 * and each command has one index.
 */
function narrowed(stamp: Stamp, order: number, index: number): Stamp {
  if (stamp.order === order) return { order, least: index, most: index };
  if (stamp.order < order) return { ...stamp, most: Math.min(stamp.most, index - 1) };
  return { ...stamp, least: Math.max(stamp.least, index + 1) };
}

function showStamp({ least, most }: Stamp): string {
  if (least === most) return `at index ${least}`;
  return most === Infinity ? `at an index from ${least}` : `at an index of ${least} to ${most}`;
}
