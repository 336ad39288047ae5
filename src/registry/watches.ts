import { keyOfTopic, prefixOfTopic, topics, type Topic } from "../state/topics.ts";

/** Called once, when one of the topics for which it waits is touched. */
export type Waiter = () => void;

/**
 * The waiters of each topic. Touching a topic wakes its waiters, each once, and removes them; a query whose answer has not
 * changed waits again.
 *
 * A touched key also touches every tree that contains it. The key is cut to the length of each prefix that has waiters, because
 * these lengths are few:
 *
 *     waiting for trees "edgex/core/" (11) and "vault/" (6); touched: key "edgex/core/a" -> tries "edgex/core/", "edgex/"
 */
export class Watches {
  readonly #waiters = new Map<Topic, Set<Waiter>>();
  /** The number of tree topics with waiters, by length of prefix. */
  readonly #prefixLengths = new Map<number, number>();

  /** The number of topics with waiters. */
  get size(): number {
    return this.#waiters.size;
  }

  /** Returns the number of waiters for a key, or for a tree that contains it. */
  countForKey(key: string): number {
    const trees = [...this.#prefixLengths.keys()].filter((length) => length <= key.length);
    const found = [topics.key(key), ...trees.map((length) => topics.tree(key.slice(0, length)))];
    return new Set(found.flatMap((topic) => [...(this.#waiters.get(topic) ?? [])])).size;
  }

  /** Adds the waiter to each topic. Returns a function that removes the waiter; the caller may also call it after the wake. */
  wait(watched: readonly Topic[], waiter: Waiter): () => void {
    for (const topic of watched) this.#add(topic, waiter);
    return () => {
      for (const topic of watched) this.#remove(topic, waiter);
    };
  }

  /** Wakes the waiters of these topics, and of the trees that contain a touched key. */
  wake(touched: Iterable<Topic>): void {
    if (this.#waiters.size === 0) return;
    const woken = new Set<Waiter>();
    for (const topic of touched) {
      if (topic === topics.everything) for (const each of [...this.#waiters.keys()]) this.#take(each, woken);
      else this.#take(topic, woken);
      const key = keyOfTopic(topic);
      if (key === undefined) continue;
      for (const length of [...this.#prefixLengths.keys()]) {
        if (length <= key.length) this.#take(topics.tree(key.slice(0, length)), woken);
      }
    }
    for (const waiter of woken) waiter();
  }

  /** Wakes all waiters, whatever their topics. */
  wakeAll(): void {
    this.wake([topics.everything]);
  }

  #add(topic: Topic, waiter: Waiter): void {
    const waiters = this.#waiters.get(topic);
    if (waiters) {
      waiters.add(waiter);
      return;
    }
    this.#waiters.set(topic, new Set([waiter]));
    this.#countPrefix(topic, 1);
  }

  #remove(topic: Topic, waiter: Waiter): void {
    const waiters = this.#waiters.get(topic);
    if (waiters?.delete(waiter) && waiters.size === 0) this.#forget(topic);
  }

  #take(topic: Topic, woken: Set<Waiter>): void {
    const waiters = this.#waiters.get(topic);
    if (!waiters) return;
    for (const waiter of waiters) woken.add(waiter);
    this.#forget(topic);
  }

  #forget(topic: Topic): void {
    this.#waiters.delete(topic);
    this.#countPrefix(topic, -1);
  }

  #countPrefix(topic: Topic, change: 1 | -1): void {
    const prefix = prefixOfTopic(topic);
    if (prefix === undefined) return;
    const count = (this.#prefixLengths.get(prefix.length) ?? 0) + change;
    if (count === 0) this.#prefixLengths.delete(prefix.length);
    else this.#prefixLengths.set(prefix.length, count);
  }
}
