import { keyOfTopic, topics, type Topic } from "../state/topics.ts";
import { oldestPast } from "../state/kv-history.ts";
import { changesAfter, keysChangedAfter, type KvChangeSet, type KvPast } from "./kv-history.ts";
import type { Registry } from "./registry.ts";

/** An event that a reader of a stream gets. */
export type KeyStreamEvent =
  | { readonly kind: "changes"; readonly set: KvChangeSet }
  /** Changes after the reader's index are no longer kept: it has to read the keys anew, at `index`, from which on the stream goes on. */
  | { readonly kind: "compacted"; readonly index: number };

/** A reader of the changes of keys with a prefix. */
export interface KeyReader {
  readonly prefix: string;
  /** Takes an event at once. */
  readonly take: (event: KeyStreamEvent) => void;
}

/**
 * Tells readers of the changes of keys as they become durable. The changes of a commit are found once for all readers, and an idle
 * reader costs no more than its place in a map.
 */
export class KeyStreams {
  readonly #store: Registry;
  readonly #past: KvPast;
  /** By their prefixes. */
  readonly #readers = new Map<string, Set<KeyReader>>();
  /** The lengths of all prefixes of readers. */
  #lengths: readonly number[] = [];
  #told: number;

  constructor(store: Registry, past: KvPast) {
    this.#store = store;
    this.#past = past;
    this.#told = store.index;
    store.follow((touched) => this.#follow(touched));
  }

  /** The index up to which the readers know all changes. */
  get told(): number {
    return this.#told;
  }

  /**
   * Adds a reader, and tells it what changed after an index at once. Returns a function that removes it.
   * @param after the index of the last change that it knows; undefined for one that wants only what comes
   */
  add(reader: KeyReader, after: number | undefined): () => void {
    if (after !== undefined && after < this.#told) this.#tellPast(reader, after);
    const { prefix } = reader;
    const readers = this.#readers.get(prefix) ?? new Set();
    this.#readers.set(prefix, readers.add(reader));
    this.#noteLengths();
    return () => {
      readers.delete(reader);
      if (readers.size > 0) return;
      this.#readers.delete(prefix);
      this.#noteLengths();
    };
  }

  #noteLengths(): void {
    this.#lengths = [...new Set([...this.#readers.keys()].map(({ length }) => length))];
  }

  #tellPast(reader: KeyReader, after: number): void {
    const { state } = this.#store;
    const keys = [...keysChangedAfter(state, reader.prefix, after)].filter((key) => this.#past.isKept(key));
    const sets = after < oldestPast(state) ? "compacted" : changesAfter(state, keys, after);
    if (sets === "compacted") reader.take({ kind: "compacted", index: state.index });
    else for (const set of sets) reader.take({ kind: "changes", set });
  }

  #follow(touched: ReadonlySet<Topic>): void {
    const { state } = this.#store;
    const before = this.#told;
    this.#told = state.index;
    if (this.#readers.size === 0) return;
    if (touched.has(topics.everything)) return this.#compactAll(state.index);
    const keys = [...touched].map(keyOfTopic).filter((key) => key !== undefined);
    const read = keys.filter((key) => this.#past.isKept(key) && this.#readersOf(key).length > 0);
    if (read.length === 0) return;
    const sets = changesAfter(state, read, before);
    if (sets === "compacted") return this.#compactAll(state.index);
    for (const set of sets) this.#tell(set);
  }

  #tell({ index, changes }: KvChangeSet): void {
    const byReader = new Map<KeyReader, KvChangeSet["changes"][number][]>();
    for (const change of changes)
      for (const reader of this.#readersOf(change.key)) byReader.set(reader, [...(byReader.get(reader) ?? []), change]);
    for (const [reader, own] of byReader) reader.take({ kind: "changes", set: { index, changes: own } });
  }

  #readersOf(key: string): readonly KeyReader[] {
    return this.#lengths.flatMap((length) => {
      const readers = length <= key.length ? this.#readers.get(key.slice(0, length)) : undefined;
      return readers ? [...readers] : [];
    });
  }

  /** Tells all readers to read anew: a restore has replaced all keys, or one commit changed a key more often than is kept. */
  #compactAll(index: number): void {
    for (const readers of this.#readers.values())
      for (const reader of readers) reader.take({ kind: "compacted", index });
  }
}
