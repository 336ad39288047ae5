import type { Clock } from "../lib/clock.ts";
import type { Store } from "../registry/store.ts";

/** Kept at the most: some hours of a gateway's writes. */
const commitsMax = 4_096;

interface Commit {
  readonly index: number;
  readonly ms: number;
}

/**
 * When rows were written. They keep indexes and no times, which nobody but core-keeper shows, so the times are kept here,
 * in memory: what was written before the start is as old as the start, and of long ago the times grow coarser.
 */
export class CommitTimes {
  #commits: Commit[];

  constructor(store: Store, clock: Clock) {
    this.#commits = [{ index: store.state.index, ms: clock.wallMs() }];
    store.onCommit(() => this.#note({ index: store.state.index, ms: clock.wallMs() }));
  }

  /** In milliseconds since 1970: when the write with this index was made, or somewhat later. */
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
    // The older half tells every second time from now on.
    this.#commits = this.#commits.filter((_, at) => at % 2 === 1 || at > commitsMax / 2);
  }
}
