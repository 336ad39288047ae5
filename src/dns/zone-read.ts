import type { Query } from "../registry/query.ts";
import type { Store } from "../registry/store.ts";
import type { Topic } from "../state/topics.ts";
import type { ResourceRecord } from "./message.ts";
import { nameText, type Name } from "./name.ts";

/** Records of names that are not ours, by name in lower case. */
export type ForeignRecords = ReadonlyMap<string, readonly ResourceRecord[]>;

/** One look into the registry on behalf of a question: remembers what the answer depends on, and what it lacks. */
export class ZoneRead {
  /** When one of these is touched the answer may be another. */
  readonly topics: Set<Topic> = new Set();
  /** Names to ask other servers for before the answer is whole. */
  readonly lacking: Map<string, Name> = new Map();
  readonly #store: Store;
  readonly #foreign: ForeignRecords;
  /** The address of who asks. */
  readonly client: string;
  /** Of how many instances the order was left to chance. */
  orders: number = 1;
  #isLasting = true;

  constructor(store: Store, client: string, foreign: ForeignRecords = new Map()) {
    this.#store = store;
    this.client = client;
    this.#foreign = foreign;
  }

  read<T>(query: Query<T>): T {
    for (const topic of query.topics) this.topics.add(topic);
    return query.read(this.#store.state);
  }

  /** For answers that depend on more than topics tell of: they are not kept. */
  peek<T>(query: Query<T>): T {
    this.#isLasting = false;
    return query.read(this.#store.state);
  }

  /** Whether the answer holds until one of the topics is touched. */
  get isLasting(): boolean {
    return this.#isLasting;
  }

  /** What another server says of this name; nothing as long as it has not been asked. */
  foreign(name: Name): readonly ResourceRecord[] {
    const key = nameText(name);
    const known = this.#foreign.get(key);
    if (!known) this.lacking.set(key, name);
    // It holds for as long as the other server says, which is not ours to keep.
    this.#isLasting = false;
    return known ?? [];
  }
}
