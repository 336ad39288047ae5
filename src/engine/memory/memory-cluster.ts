import type { Batch } from "../engine.ts";
import {
  type CommittedBatch,
  leadershipLost,
  type Follower,
  type Leader,
  type LoadedRows,
  type Position,
  type ReplicatedEngine,
  type Term,
} from "../replicated-engine.ts";
import { storeClosed } from "../store-closed.ts";
import { MemoryStore } from "./memory-engine.ts";

/** The state that the servers of one process share: the log of batches, the rows, and the current term. */
export class MemoryCluster {
  readonly #rows = new MemoryStore();
  /** The batches since the last compaction, oldest first; the last one is at `position`. */
  #log: CommittedBatch[] = [];
  #position: Position = 0;
  #terms = 0;
  #current: MemoryTerm | undefined;
  /** Campaigns that wait for the current term to end, oldest first. */
  readonly #campaigns = new Set<() => void>();
  readonly #wakes = new Set<() => void>();
  readonly #leaderWakes = new Set<() => void>();

  /** Returns the engine of one server of the cluster. */
  open(name: string): ReplicatedEngine {
    return new MemoryNode(this, name);
  }

  /** Ends the current term although its leader has not closed it, as when a lease expires. */
  expire(): void {
    if (this.#current) this.end(this.#current);
  }

  /** Deletes all batches so far from the log; the rows stay. */
  compact(): void {
    this.#log = [];
  }

  get leader(): Leader | undefined {
    return this.#current?.leader;
  }

  get position(): Position {
    return this.#position;
  }

  isCurrent(term: MemoryTerm): boolean {
    return this.#current === term;
  }

  load(): LoadedRows {
    return { rows: this.#rows.rows(), position: this.#position, revision: this.#rows.revision };
  }

  append(batch: CommittedBatch): void {
    this.#rows.apply(batch);
    this.#log.push(batch);
    this.#position += 1;
    for (const wake of this.#wakes) queueMicrotask(wake);
  }

  /** Returns the batch at a position up to the newest; undefined if the log no longer has it after a compaction. */
  batchAt(position: Position): CommittedBatch | undefined {
    return this.#log[this.#log.length - 1 - (this.#position - position)];
  }

  /** Calls `wake` in a microtask, and again after each batch, until the returned function is called. */
  watch(wake: () => void): () => void {
    this.#wakes.add(wake);
    queueMicrotask(wake);
    return () => void this.#wakes.delete(wake);
  }

  /** Calls `wake` soon, and after each change of the leader, until the returned function is called. */
  watchLeader(wake: () => void): () => void {
    this.#leaderWakes.add(wake);
    queueMicrotask(wake);
    return () => void this.#leaderWakes.delete(wake);
  }

  /** Calls `won` with the new term when the server becomes the leader. Returns a function that withdraws the campaign. */
  campaign(leader: string, won: (term: MemoryTerm) => void): () => void {
    const candidate = (): void => {
      this.#current = new MemoryTerm(this, { name: leader, term: ++this.#terms });
      this.#wakeLeaderWatches();
      won(this.#current);
    };
    if (!this.#current) candidate();
    else this.#campaigns.add(candidate);
    return () => void this.#campaigns.delete(candidate);
  }

  end(term: MemoryTerm): void {
    if (this.#current !== term) return;
    this.#current = undefined;
    this.#wakeLeaderWatches();
    term.end();
    const [next] = this.#campaigns;
    if (!next) return;
    this.#campaigns.delete(next);
    next();
  }

  /** Ends the term with this number if it is the current one. */
  depose(number: number): void {
    if (this.#current?.number === number) this.end(this.#current);
  }

  #wakeLeaderWatches(): void {
    for (const wake of this.#leaderWakes) queueMicrotask(wake);
  }
}

class MemoryNode implements ReplicatedEngine {
  readonly #cluster: MemoryCluster;
  readonly #name: string;
  readonly #closing = new AbortController();

  constructor(cluster: MemoryCluster, name: string) {
    this.#cluster = cluster;
    this.#name = name;
  }

  get leader(): Leader | undefined {
    return this.#cluster.leader;
  }

  onLeader(listener: (leader: Leader | undefined) => void): () => void {
    const ending = new AbortController();
    const stop = this.#cluster.watchLeader(() => {
      if (!ending.signal.aborted) listener(this.#cluster.leader);
    });
    return this.#ends(ending, stop);
  }

  async depose(term: number): Promise<void> {
    this.#requireOpen();
    this.#cluster.depose(term);
  }

  async load(): Promise<LoadedRows> {
    this.#requireOpen();
    return this.#cluster.load();
  }

  follow(from: Position, follower: Follower): () => void {
    const cluster = this.#cluster;
    const ending = new AbortController();
    let next = from + 1;
    const stop = cluster.watch(() => {
      while (!ending.signal.aborted && next <= cluster.position) {
        const batch = cluster.batchAt(next);
        if (!batch) {
          ending.abort();
          return follower.reload();
        }
        follower.batch(batch, next);
        next += 1;
      }
    });
    return this.#ends(ending, stop);
  }

  async newest(): Promise<Position> {
    this.#requireOpen();
    return this.#cluster.position;
  }

  async campaign(signal: AbortSignal): Promise<Term> {
    this.#requireOpen();
    signal.throwIfAborted();
    const ending = AbortSignal.any([signal, this.#closing.signal]);
    const { promise, resolve, reject } = Promise.withResolvers<Term>();
    const withdraw = this.#cluster.campaign(this.#name, (term) => {
      this.#closing.signal.addEventListener("abort", () => this.#cluster.end(term));
      resolve(term);
    });
    ending.addEventListener("abort", () => {
      withdraw();
      reject(ending.reason);
    });
    return promise;
  }

  async close(): Promise<void> {
    this.#closing.abort(storeClosed());
  }

  #requireOpen(): void {
    this.#closing.signal.throwIfAborted();
  }

  /** Returns a function that aborts `ending` and calls `stop`, as the close of this server does. */
  #ends(ending: AbortController, stop: () => void): () => void {
    ending.signal.addEventListener("abort", stop);
    const end = (): void => ending.abort();
    this.#closing.signal.addEventListener("abort", end);
    return end;
  }
}

class MemoryTerm implements Term {
  readonly leader: Leader;
  readonly #cluster: MemoryCluster;
  readonly #ended = Promise.withResolvers<void>();
  #closed = false;

  constructor(cluster: MemoryCluster, leader: Leader) {
    this.#cluster = cluster;
    this.leader = leader;
  }

  get number(): number {
    return this.leader.term;
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  confirmedMs(): number {
    return this.#cluster.isCurrent(this) ? 0 : Infinity;
  }

  async commit({ revision, changes }: Batch): Promise<void> {
    this.#requireCurrent();
    const copies = changes.map((change) => ({ ...change, value: change.value && new Uint8Array(change.value) }));
    this.#cluster.append({ revision, changes: copies, term: this.number });
  }

  async ping(): Promise<void> {
    this.#requireCurrent();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cluster.end(this);
  }

  /** Resolves `ended`. The cluster calls this when the term is over. */
  end(): void {
    this.#ended.resolve();
  }

  #requireCurrent(): void {
    if (this.#closed) throw storeClosed();
    if (!this.#cluster.isCurrent(this)) throw leadershipLost();
  }
}
