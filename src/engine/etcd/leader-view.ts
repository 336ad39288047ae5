import type { Leader } from "../replicated-engine.ts";

/**
 * The leader as this server knows it, from a watch and from its own campaigns. These may report the same change in any order: an
 * observation of an earlier revision of etcd than the newest one is ignored.
 */
export class LeaderView {
  readonly #listeners = new Set<(leader: Leader | undefined) => void>();
  #leader: Leader | undefined;
  #revision = 0n;

  get leader(): Leader | undefined {
    return this.#leader;
  }

  /** Takes up which server leads as of a revision of etcd. */
  observe(revision: bigint, leader: Leader | undefined): void {
    if (revision < this.#revision) return;
    this.#revision = revision;
    this.#set(leader);
  }

  /** Takes up that a term is over before etcd reports it, as its own server knows first. */
  end(term: number): void {
    // The watch may report the beginning of the term later.
    const after = BigInt(term) + 1n;
    if (after > this.#revision) this.#revision = after;
    if (this.#leader?.term === term) this.#set(undefined);
  }

  /** Calls the listener soon and after each change, until the returned function is called. */
  listen(listener: (leader: Leader | undefined) => void): () => void {
    // A wrapper of its own, so that a listener may be given twice.
    const each = (leader: Leader | undefined): void => {
      if (this.#listeners.has(each)) listener(leader);
    };
    this.#listeners.add(each);
    queueMicrotask(() => each(this.#leader));
    return () => void this.#listeners.delete(each);
  }

  /** Resolves when no server leads. Rejects with the signal's reason. */
  async leaderless(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort);
    const stop = this.listen((leader) => {
      if (!leader) resolve();
    });
    try {
      await promise;
    } finally {
      stop();
      signal.removeEventListener("abort", abort);
    }
  }

  #set(leader: Leader | undefined): void {
    const before = this.#leader;
    if (before?.term === leader?.term) return;
    this.#leader = leader;
    for (const listener of this.#listeners) listener(leader);
  }
}
