import type { State } from "../state/state.ts";
import type { Topic } from "../state/topics.ts";
import type { Query } from "./query.ts";
import type { CommitListener } from "./registry.ts";
import { TopicIndexes } from "./topic-indexes.ts";
import { Watches, type Waiter } from "./watches.ts";

/**
 * The newest durable state of this server, and the callers that wait for its changes.
 *
 * Invariant: an index, of the state or of a topic, never falls.
 */
export class VisibleState {
  readonly watches: Watches = new Watches();
  readonly #listeners: CommitListener[] = [];
  readonly #indexes = new TopicIndexes();
  /** Indexes of topics whose data is in memory only and not in the state, such as coordinates. */
  readonly #besideIndexes = new Map<Topic, number>();
  #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  get state(): State {
    return this.#state;
  }

  get index(): number {
    return this.#state.index;
  }

  read<T>(query: Query<T>): T {
    return query.read(this.#state);
  }

  indexOf(topics: readonly Topic[]): number {
    let index = 0;
    for (const topic of topics) index = Math.max(index, this.#topicIndex(topic));
    return index;
  }

  #topicIndex(topic: Topic): number {
    return this.#besideIndexes.get(topic) ?? this.#indexes.of(this.#state, topic);
  }

  wait(topics: readonly Topic[], waiter: Waiter): () => void {
    return this.watches.wait(topics, waiter);
  }

  watchersOf(key: string): number {
    return this.watches.countForKey(key);
  }

  follow(listener: CommitListener): void {
    this.#listeners.push(listener);
  }

  touch(topic: Topic): void {
    const before = this.#besideIndexes.get(topic) ?? 0;
    this.#besideIndexes.set(topic, Math.max(before + 1, this.#state.index));
    const touched = new Set([topic]);
    for (const listener of this.#listeners) listener(touched);
    this.watches.wake(touched);
  }

  /**
   * Replaces the state by the next durable one, then calls the commit callbacks, resolves the writers' promises and wakes the
   * watches, in this order.
   * @param settle resolves or rejects the promises of the callers whose commands led to the state
   */
  publish(next: State, touched: ReadonlySet<Topic>, settle: readonly (() => void)[] = []): void {
    const before = this.#state;
    this.#state = next;
    this.#indexes.follow(before, next, touched);
    for (const listener of this.#listeners) listener(touched);
    for (const each of settle) each();
    this.watches.wake(touched);
  }
}
