import { topicIndex, type State } from "../state/state.ts";
import { keyOfTopic, prefixOfTopic, topics, type Topic } from "../state/topics.ts";

/** Remembered at the most, lest reads of ever other keys fill the memory. */
const rememberedMax = 1_000;

/**
 * Indexes of topics in the newest state, as far as somebody has asked: worked out once, since a thousand watchers of one
 * tree ask at the same time, and kept over writes that do not touch them. A tree that is written to is not gone through
 * again, however large: its index rises to that of the key.
 */
export class TopicIndexes {
  readonly #indexes = new Map<Topic, number>();
  /** Of the trees that are remembered. */
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

  /** A commit has made one state of another. */
  follow(before: State, after: State, touched: ReadonlySet<Topic>): void {
    if (touched.has(topics.everything) || before.tombstoneFloor !== after.tombstoneFloor) return this.#forgetAll();
    for (const topic of touched) {
      this.#indexes.delete(topic);
      const key = keyOfTopic(topic);
      if (key !== undefined) for (const length of this.#prefixLengths) this.#raise(key.slice(0, length), after, topic);
    }
  }

  /** @param topic of the key that was written */
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
