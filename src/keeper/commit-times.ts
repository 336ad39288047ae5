import type { Clock } from "../lib/clock.ts";
import type { Registry } from "../registry/registry.ts";

/** Maximum number of remembered commits: enough for some hours of a gateway's writes. */
const commitsMax = 4_096;

interface Commit {
  readonly index: number;
  readonly ms: number;
}

/**
 * Maps the index of a write to its time. Rows store indexes and no times, and only core-keeper's API shows times, so the times
 * are kept in memory only: a write before the agent's start gets the time of the start, and times of older writes are less exact.
 */
export class CommitTimes {
  #commits: Commit[];

  constructor(store: Registry, clock: Clock) {
    this.#commits = [{ index: store.state.index, ms: clock.wallMs() }];
    store.follow(() => this.#note({ index: store.state.index, ms: clock.wallMs() }));
  }

  /**
   * Returns the time of the write with this index, in milliseconds since 1970; if that time is not kept, the time of the next
   * later write that has one.
   */
  at(index: number): number {
    const commits = this.#commits;
    let [first, last] = [0, commits.length - 1];
    while (first < last) {
      const middle = (first + last) >> 1;
      if ((commits[middle]?.index ?? 0) < index) first = middle + 1;
      else last = middle;
    }
    return commits[first]?.ms ?? 0;
  }

  #note(commit: Commit): void {
    if (this.#commits.at(-1)?.index === commit.index) return;
    this.#commits.push(commit);
    if (this.#commits.length <= commitsMax) return;
    // Drops every second commit of the older half, which bounds the memory and keeps the newest times exact.
    this.#commits = this.#commits.filter((_, at) => at % 2 === 1 || at > commitsMax / 2);
  }
}
