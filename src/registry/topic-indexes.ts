import { topicIndex, type State } from "../state/state.ts";
import { keyOfTopic, prefixOfTopic, topics, type Topic } from "../state/topics.ts";

/** Maximum number of topics in the cache, so that reads of ever new keys do not fill the memory. */
const rememberedMax = 1_000;

/**
 * A cache of the indexes of topics in the newest state. A thousand watchers of one tree ask for its index at the same time, so
 * each index is computed once and kept until a write touches its topic. A write below a cached tree raises the tree's index to
 * the index of the key, so that the tree is not traversed again.
 */
export class TopicIndexes {
  readonly #indexes = new Map<Topic, number>();
  /** The lengths of the prefixes of all cached trees. */
  readonly #prefixLengths = new Set<number>();

  of(state: State, topic: Topic): number {
    const known = this.#indexes.get(topic);
    if (known !== undefined) return known;
    if (this.#indexes.size >= rememberedMax) this.#forgetAll();
    const index = topicIndex(state, topic);
    this.#indexes.set(topic, index);
    const prefix = prefixOfTopic(topic);
    if (prefix !== undefined) this.#prefixLengths.add(prefix.length);
    return index;
  }

  /** Updates the cache for a commit that made `after` from `before`. */
  follow(before: State, after: State, touched: ReadonlySet<Topic>): void {
    if (touched.has(topics.everything) || before.tombstoneFloor !== after.tombstoneFloor) return this.#forgetAll();
    for (const topic of touched) {
      this.#indexes.delete(topic);
      const key = keyOfTopic(topic);
      if (key !== undefined) for (const length of this.#prefixLengths) this.#raise(key.slice(0, length), after, topic);
    }
  }

  /** Raises the index of a cached tree to that of a written key. @param topic the topic of the written key */
  #raise(prefix: string, state: State, topic: Topic): void {
    const tree = topics.tree(prefix);
    const known = this.#indexes.get(tree);
    if (known !== undefined) this.#indexes.set(tree, Math.max(known, topicIndex(state, topic)));
  }

  #forgetAll(): void {
    this.#indexes.clear();
    this.#prefixLengths.clear();
  }
}
