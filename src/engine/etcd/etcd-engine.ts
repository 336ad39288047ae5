import { type Clock, sleep, systemClock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import { SharedRuns } from "../../lib/shared-runs.ts";
import { unlessAborted } from "../../lib/unless-aborted.ts";
import type { Follower, Leader, LoadedRows, Position, ReplicatedEngine } from "../replicated-engine.ts";
import { storeClosed } from "../store-closed.ts";
import { type ElectionPlace, leaderOf, winTerm } from "./election.ts";
import { type EtcdAccess, EtcdClient } from "./etcd-client.ts";
import { followLog } from "./etcd-follower.ts";
import type { EtcdTerm } from "./etcd-term.ts";
import { failureOfEtcd } from "./failures.ts";
import type { KeyValue } from "./generated/etcd_pb.ts";
import { Layout } from "./layout.ts";
import { LeaderView } from "./leader-view.ts";
import { LogReader } from "./log-reader.ts";
import { putOf } from "./transaction.ts";

export interface EtcdOptions extends EtcdAccess {
  /** The text that names this server as the leader (Leader.name). */
  readonly name: string;
  readonly log: Log;
  /** The prefix of all keys of the cluster; "praetor/" by default. */
  readonly prefix?: string;
  /**
   * Milliseconds after which the servers elect another leader when the present one is silent; 1,000 by default. The leader's
   * lease lasts as long, in whole seconds, but at least one and a half times etcd's own election timeout.
   */
  readonly electionMs?: number;
  /**
   * A snapshot is due when the log since the last one is longer than this many bytes and longer than that snapshot; 6 MiB by
   * default.
   */
  readonly snapshotBytes?: number;
  /** Resolves when etcd can be reached; until then the engine makes no call. By default it calls from the start. */
  readonly ready?: Promise<void>;
  readonly clock?: Clock;
}

/** Maximum number of tries of a read; the last try may take up to 8 s. */
const readTriesMax = 5;
/** Milliseconds between a failure of the watch on the leader's key and its next start. */
const pauseMs = 100;

/**
 * Returns the engine of one server on an etcd that runs already. Does not wait for etcd: the engine connects in the background.
 */
export function openEtcdEngine(options: EtcdOptions): EtcdEngine {
  return new EtcdEngine(options);
}

/** The leader's key, undefined without one, and the revision of etcd at which it was read. */
interface ObservedLeader {
  readonly leader: KeyValue | undefined;
  readonly revision: bigint;
}

/** A replicated engine on etcd. See Layout for what it stores and why two leaders cannot commit. */
export class EtcdEngine implements ReplicatedEngine {
  readonly #place: ElectionPlace;
  readonly #closing = new AbortController();
  /** The terms of this server that are not over, or whose commits have not all settled. */
  readonly #terms = new Set<EtcdTerm>();
  /** The tasks that a close waits for. */
  readonly #tasks = new Set<Promise<unknown>>();
  readonly #newest: SharedRuns;
  readonly #ready: Promise<void>;
  /** Resolves when the engine has read the leader's key for the first time, and ended a term of an earlier process of this server. */
  readonly #looked = Promise.withResolvers<void>();
  #newestSeq: Position = 0;
  #closed: Promise<void> | undefined;

  constructor(options: EtcdOptions) {
    const {
      name,
      log,
      prefix = "praetor/",
      electionMs = 1_000,
      snapshotBytes = 6 << 20,
      ready = Promise.resolve(),
      clock = systemClock,
    } = options;
    this.#ready = ready;
    const client = new EtcdClient(options, { clock, log });
    const layout = new Layout(prefix);
    const reader = new LogReader(client, layout);
    this.#place = {
      ...{ client, layout, reader, name, electionMs, snapshotBytes },
      ...{ view: new LeaderView(), endedLeases: new Set() },
    };
    this.#newest = new SharedRuns(ready, async () => {
      this.#newestSeq = (await this.#read(reader.marks(this.#reading))).head.seq;
    });
    this.#track(this.#watchLeader());
  }

  get leader(): Leader | undefined {
    return this.#place.view.leader;
  }

  onLeader(listener: (leader: Leader | undefined) => void): () => void {
    return this.#place.view.listen((leader) => {
      if (!this.#closing.signal.aborted) listener(leader);
    });
  }

  async load(): Promise<LoadedRows> {
    this.#requireOpen();
    await unlessAborted(this.#ready, this.#closing.signal);
    const { marks, store } = await this.#read(this.#place.reader.load(this.#reading));
    return { rows: store.rows(), position: marks.head.seq, revision: store.revision };
  }

  follow(from: Position, follower: Follower): () => void {
    const ending = new AbortController();
    const signal = AbortSignal.any([ending.signal, this.#closing.signal]);
    this.#track(followLog(this.#place, from, { follower, signal }));
    return () => ending.abort();
  }

  /** Callers that wait at the same time share one read of etcd, which is sent after the last of them has called. */
  async newest(): Promise<Position> {
    this.#requireOpen();
    await this.#newest.request();
    return this.#newestSeq;
  }

  async campaign(signal: AbortSignal): Promise<EtcdTerm> {
    this.#requireOpen();
    signal.throwIfAborted();
    const ending = AbortSignal.any([signal, this.#closing.signal]);
    const winning = unlessAborted(this.#looked.promise, ending).then(() => winTerm(this.#place, ending));
    this.#track(winning);
    const term = await winning;
    this.#terms.add(term);
    void term.ended.then(async () => {
      await term.idle();
      this.#terms.delete(term);
    });
    if (ending.aborted) await term.close();
    ending.throwIfAborted();
    return term;
  }

  async depose(term: number): Promise<void> {
    this.#requireOpen();
    await this.#read(this.#revoke(term));
  }

  /** Runs a task, which never rejects, while no commit of this server is under way. Later commits wait for its end. */
  async betweenCommits(task: () => Promise<void>): Promise<void> {
    const term = [...this.#terms].at(-1);
    await (term ? term.between(task) : task());
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort(storeClosed());
    await Promise.all([...this.#terms].map((term) => term.close()));
    await Promise.all(this.#tasks);
    this.#place.client.close();
  }

  get #reading(): { readonly signal: AbortSignal; readonly triesMax: number } {
    return { signal: this.#closing.signal, triesMax: readTriesMax };
  }

  async #read<Result>(reading: Promise<Result>): Promise<Result> {
    try {
      return await reading;
    } catch (error) {
      throw await failureOfEtcd(error, this.#place.client);
    }
  }

  /**
   * Revokes the lease of a term, again and again until the leader's key is gone; while etcd has no quorum, that takes until a
   * quorum is back. If it deleted the key alone, the leader would renew the lease and not learn that its term is over.
   */
  async #revoke(term: number): Promise<void> {
    const { client } = this.#place;
    const { signal } = this.#closing;
    for (;;) {
      const { leader } = await this.#observeLeader();
      if (!leader || leader.createRevision !== BigInt(term)) return;
      await client.persist((deadlineMs) => client.revokeLease(leader.lease, deadlineMs), { signal });
    }
  }

  /** Reads the leader's key into the view. Tries until etcd answers, or the engine closes. */
  async #observeLeader(): Promise<ObservedLeader> {
    const { client, layout, view } = this.#place;
    const { signal } = this.#closing;
    const found = await client.persist((deadlineMs) => client.range({ key: layout.leader }, deadlineMs), { signal });
    const [leader] = found.kvs;
    const revision = found.header?.revision ?? 0n;
    view.observe(revision, leader && leaderOf(leader));
    return { leader, revision };
  }

  /** Keeps the view of the leader up to date until the engine closes. */
  async #watchLeader(): Promise<void> {
    const { client, layout, name, view } = this.#place;
    const { signal } = this.#closing;
    let hasLooked = false;
    await unlessAborted(this.#ready, signal).catch(() => {});
    while (!signal.aborted) {
      try {
        const { leader, revision } = await this.#observeLeader();
        // This process has not campaigned yet, so a process of this server that has ended won that term.
        if (!hasLooked && leader && leaderOf(leader).name === name) await this.#revoke(Number(leader.createRevision));
        hasLooked = true;
        this.#looked.resolve();
        for await (const events of client.watch({ key: layout.leader, startRevision: revision + 1n }, signal)) {
          for (const event of events) {
            const put = putOf(event);
            view.observe(event.kv?.modRevision ?? 0n, put && leaderOf(put));
          }
        }
      } catch (error) {
        if (signal.aborted) return;
        client.report("the leader's key in etcd cannot be watched; trying again", error);
        await sleep(client.clock, pauseMs, signal);
      }
    }
  }

  #track(task: Promise<unknown>): void {
    const ended = task.catch(() => {}).finally(() => this.#tasks.delete(ended));
    this.#tasks.add(ended);
  }

  #requireOpen(): void {
    this.#closing.signal.throwIfAborted();
  }
}
