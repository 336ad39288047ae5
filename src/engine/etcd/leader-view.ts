import type { Leader } from "../replicated-engine.ts";

/**
 * The leader as this server knows it, from a watch and from its own campaigns. Their reports may come in any order, so a report
 * of an earlier revision of etcd than the newest one is ignored.
 */
export class LeaderView {
  readonly #listeners = new Set<(leader: Leader | undefined) => void>();
  #leader: Leader | undefined;
  #revision = 0n;

  get leader(): Leader | undefined {
    return this.#leader;
  }

  /** Records which server leads at a revision of etcd. */
  observe(revision: bigint, leader: Leader | undefined): void {
    if (revision < this.#revision) return;
    this.#revision = revision;
    this.#set(leader);
  }

  /** Records that a term is over. The server that led calls this, because it knows the end before etcd reports it. */
  end(term: number): void {
    // The watch may report the beginning of the term after this call; that report is then ignored.
    const after = BigInt(term) + 1n;
    if (after > this.#revision) this.#revision = after;
    if (this.#leader?.term === term) this.#set(undefined);
  }

  /** Calls `listener` in a microtask and after each change, until the returned function is called. */
  listen(listener: (leader: Leader | undefined) => void): () => void {
    // Each call has a wrapper of its own, so that a caller may pass the same function twice.
    const each = (leader: Leader | undefined): void => {
      if (this.#listeners.has(each)) listener(leader);
    };
    this.#listeners.add(each);
    queueMicrotask(() => each(this.#leader));
    return () => void this.#listeners.delete(each);
  }

  /** Resolves when no server leads. Rejects with the signal's reason when the signal aborts. */
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
