import type { Batch } from "../engine/engine.ts";
import {
  type CommittedBatch,
  type Follower,
  leadershipLost,
  type Position,
  type ReplicatedEngine,
  type Term,
} from "../engine/replicated-engine.ts";
import { assert } from "../lib/assert.ts";
import { type Clock, sleep } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import { LogThrottle } from "../lib/log-throttle.ts";
import type { Log } from "../lib/log.ts";
import { SharedRuns } from "../lib/shared-runs.ts";
import { unlessAborted } from "../lib/unless-aborted.ts";
import { applyRows } from "../state/apply-rows.ts";
import type { HistoryPolicy } from "../model/kv-history.ts";
import type { Command, Outcome } from "../state/command.ts";
import type { State } from "../state/state.ts";
import { openState } from "../state/open-state.ts";
import { topics } from "../state/topics.ts";
import { type ForwardedResult, type ForwardedWrites, type LeaderCalls, Leading } from "./forwarding.ts";
import { originRows, originsIn } from "./origins.ts";
import { LogPosition } from "./log-position.ts";
import { type Beginning, type LoadedState, loadState, type NewestWrites, restoreOfOwn } from "./loaded-state.ts";
import { retryMs, whenThereIsALeader } from "./leader-wait.ts";
import { OwnWrites } from "./own-writes.ts";
import type { Consistency, Registry } from "./registry.ts";
import { Sending } from "./sending.ts";
import { VisibleState } from "./visible-state.ts";
import { agentStopping, noMeter, type StoreMeter, WriteQueue } from "./write-queue.ts";

export interface ReplicatedStoreOptions {
  readonly engine: ReplicatedEngine;
  /** The id of this server. */
  readonly server: string;
  /** A text that no other start of this server has. */
  readonly start: string;
  readonly leaderCalls: LeaderCalls;
  /** The index of the first state of a new cluster. */
  readonly firstIndex: number;
  /** Resolves with how a new cluster begins, once it is known; by default it begins without data. */
  readonly beginning?: Promise<Beginning>;
  /** The policy for the past of the keys; absent: the store keeps no past. */
  readonly history?: HistoryPolicy | undefined;
  /** Milliseconds for which a write or a read waits for a leader. Consul: rpc_hold_timeout, 7 s. */
  readonly holdMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter?: StoreMeter;
}

/** A leader confirmed within so many milliseconds answers default reads without asking the engine. */
const confirmedMsMax = 500;

/**
 * The store of one server of several. All of them have the whole state; the one that leads orders the writes.
 *
 *     leader     write ─▶ WriteQueue ─▶ term.commit ─▶ visible ─▶ caller
 *     follower   write ─▶ message to the leader ─▶ the batch arrives in the log ─▶ visible ─▶ caller
 *
 * Life cycle: a new store is empty; `run` loads the state, follows the log and campaigns until its signal aborts. Until then writes
 * wait, and so do reads that are not stale. A server that has won a term applies all batches of earlier terms, and commits an empty
 * batch, by which the others learn that no batch of an earlier term can follow. From then on it takes writes.
 *
 * A forwarded write has a serial. A batch keeps the serials and outcomes of the forwarded writes in it (origins.ts), so a
 * follower that lost its leader learns from the log which of its writes were done, and sends the others to the next leader. No
 * write is done twice, and no outcome stays unknown, except of a write whose batch was compacted away before this server saw it.
 * The log can bring a batch to a follower before its leader knows of it, and then the caller waits for the leader's answer too.
 *
 * Invariants:
 * - A caller gets its outcome when its write is durable and in this server's state.
 * - An index, of the state or of a topic, never falls on any server.
 * - A write that is refused with "no-leader" was not done; with "write-unconfirmed" it may be.
 */
export class ReplicatedStore extends VisibleState implements Registry {
  readonly #options: ReplicatedStoreOptions;
  readonly #meter: StoreMeter;
  readonly #throttle: LogThrottle;
  readonly #position = new LogPosition();
  /** By the id of a server: its newest forwarded write in the log. */
  readonly #applied: NewestWrites = new Map();
  #termOfLastBatch = 0;
  #unfollow: () => void = () => {};
  #leading: Leading | undefined;
  /** The newest term of this server, also after its end: its last batch may become visible later. */
  #newestOwn: Leading | undefined;
  readonly #own: OwnWrites;
  readonly #sending: Sending;
  readonly #closing = new AbortController();
  readonly #resigning = new AbortController();
  /** Settles when the newest term of this server is over here. */
  #lastTerm: Promise<void> = Promise.resolve();
  readonly #roleListeners: (() => void)[] = [];
  readonly #defaultReads: SharedRuns;
  readonly #consistentReads: SharedRuns;

  constructor(options: ReplicatedStoreOptions) {
    super(openState([], options.firstIndex).state);
    this.#options = options;
    this.#throttle = new LogThrottle(options.clock);
    this.#own = new OwnWrites(options.clock, options.holdMs);
    this.#sending = new Sending({ ...options, own: this.#own, position: this.#position, leading: () => this.#leading });
    this.#meter = options.meter ?? noMeter;
    this.#defaultReads = new SharedRuns(Promise.resolve(), async () =>
      this.#position.reaches(await this.#newestOfLeader()),
    );
    this.#consistentReads = new SharedRuns(Promise.resolve(), async () =>
      this.#position.reaches(await options.engine.newest()),
    );
  }

  /** Resolves when the state is loaded, and has the batches of the log up to this position. */
  reaches(position: Position): Promise<void> {
    return this.#position.reaches(position);
  }

  get refusal(): unknown {
    return this.#leading?.writes.refusal;
  }

  get closed(): boolean {
    return this.#closing.signal.aborted;
  }

  get leads(): boolean {
    return this.#leading !== undefined;
  }

  onRole(listener: () => void): void {
    this.#roleListeners.push(listener);
  }

  submitAsLeader(command: Command): Promise<Outcome> {
    return this.#leading ? this.#leading.writes.submitOne(command) : Promise.reject(leadershipLost());
  }

  async submit(command: Command): Promise<Outcome> {
    const [outcome] = await this.submitTogether([command]);
    assert(outcome !== undefined, "a command has an outcome");
    return outcome;
  }

  submitTogether(commands: readonly Command[]): Promise<readonly Outcome[]> {
    return new Promise((resolve, reject) => {
      if (this.closed) return reject(agentStopping());
      this.#own.add(commands, { resolve, reject });
      this.#sending.send();
    });
  }

  freshen(consistency: Consistency): Promise<void> | undefined {
    if (consistency === "stale" || (consistency === "leader" && this.#isConfirmed)) return undefined;
    const reads = consistency === "leader" ? this.#defaultReads : this.#consistentReads;
    return whenThereIsALeader(() => reads.request(), this.#options);
  }

  /** Whether this server leads for sure: then its state has every acknowledged write. */
  get #isConfirmed(): boolean {
    return this.#leading !== undefined && this.#leading.term.confirmedMs() < confirmedMsMax;
  }

  /**
   * Returns a position that covers all acknowledged writes. Called on the leader, by itself or for a follower.
   * @throws OperatingError "leadership-lost" when this server does not lead
   */
  async newest(): Promise<Position> {
    const { engine } = this.#options;
    if (!this.#leading) throw leadershipLost();
    return this.#isConfirmed ? this.#position.value : engine.newest();
  }

  async #newestOfLeader(): Promise<Position> {
    const { engine, leaderCalls, server } = this.#options;
    const { leader } = engine;
    if (this.#leading) return this.newest();
    if (leader === undefined || leader.name === server) return engine.newest();
    // A leader that is silent is replaced before its link counts as lost.
    const replaced = new AbortController();
    const stop = engine.onLeader((now) => now?.term !== leader.term && replaced.abort());
    try {
      return await unlessAborted(leaderCalls.newest(leader.name), replaced.signal);
    } catch {
      return await engine.newest();
    } finally {
      stop();
    }
  }

  /**
   * Commits writes that a follower has forwarded, and resolves with their results.
   * @throws OperatingError "leadership-lost" when this server does not lead in the term that the follower names
   */
  async takeForwarded(message: ForwardedWrites): Promise<readonly ForwardedResult[]> {
    if (this.#leading?.term.number !== message.term) throw leadershipLost();
    const newest = this.#applied.get(message.server);
    return this.#leading.take(message, {
      isInLog: (serial) => newest?.start === message.start && serial <= newest.serial,
      visible: () => this.#position.value,
    });
  }

  /** Loads the state, follows the log until the store closes, and campaigns until the signal aborts or `resign`. */
  async run(ending: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([ending, this.#resigning.signal]);
    await this.#load(signal);
    try {
      const beginning = await unlessAborted(this.#options.beginning ?? Promise.resolve(undefined), signal);
      if (beginning?.isElsewhere === true) await unlessAborted(this.#position.reaches(1), signal);
      for (;;) {
        try {
          const term = await this.#options.engine.campaign(signal);
          await (this.#lastTerm = this.#lead(term, { first: beginning?.state, signal }));
        } catch (error) {
          // Another server may have won a term before this one had begun to lead.
          if (!signal.aborted) this.#report("Cannot stand for election; trying again", error);
        }
        await sleep(this.#options.clock, retryMs, signal);
        signal.throwIfAborted();
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /**
   * Ends the term if this server leads, and campaigns no more. The batch under way is committed; later writes, of this server too, go
   * to the next leader.
   */
  async resign(): Promise<void> {
    this.#resigning.abort(agentStopping());
    await this.#lastTerm.catch(() => {});
  }

  /** Resigns, then takes no more writes, and wakes every waiting query. */
  async close(): Promise<void> {
    this.#closing.abort(agentStopping());
    await this.resign();
    this.#unfollow();
    this.#own.rejectAll(agentStopping());
    this.watches.wakeAll();
  }

  /**
   * Leads until the term ends, or ends it when the signal aborts. Takes writes once all batches of earlier terms are in the state.
   * @param first the state with which an empty log begins
   */
  async #lead(
    term: Term,
    { first, signal }: { readonly first: State | undefined; readonly signal: AbortSignal },
  ): Promise<void> {
    try {
      this.#leading = await unlessAborted(this.#begin(term, first), signal);
      this.#notifyRole();
      this.#sending.send();
      // At once, so that no part of this server takes itself for the leader when the next one begins.
      const over = term.ended.then(() => this.#endLeading());
      await unlessAborted(over, signal);
    } catch (error) {
      // If etcd does not answer, the writes under way settle only when the term is closed.
      await Promise.race([this.#endLeading(), term.ended]);
      // No other server can lead before the end of a term that this one does not use.
      await term.close();
      throw error;
    }
  }

  /** Applies all batches of earlier terms, and commits the first batch of this one. */
  async #begin(term: Term, first: State | undefined): Promise<Leading> {
    const { clock, engine, history } = this.#options;
    await this.#position.reaches(await engine.newest());
    const writes = new WriteQueue(
      this,
      { commit: (batch) => this.#commit(term, batch), ping: () => term.ping(), close: () => term.close() },
      { clock, meter: this.#meter, history, gathers: true, rowsOfOrigins: originRows },
    );
    const leading = new Leading(term, writes);
    this.#newestOwn = leading;
    if (this.#position.value === 0 && first) await writes.submit({ commands: [restoreOfOwn(first)] });
    else await term.commit({ revision: this.state.index, changes: [] });
    await this.#position.reaches(await engine.newest());
    return leading;
  }

  /** Takes no more writes as the leader. Resolves when those so far have settled. */
  async #endLeading(): Promise<void> {
    const leading = this.#leading;
    this.#leading = undefined;
    if (leading) this.#notifyRole();
    await leading?.writes.close();
  }

  /** Commits a batch of this server's term. Only this server commits now, so the batch has the next position. */
  async #commit(term: Term, batch: Batch): Promise<void> {
    const before = this.#position.value;
    await term.commit(batch);
    // The log may have brought the batch before the answer.
    if (this.#position.value === before) this.#take({ ...batch, term: term.number });
  }

  #notifyRole(): void {
    for (const listener of this.#roleListeners) listener();
  }

  #follow(signal: AbortSignal): void {
    const follower: Follower = {
      batch: (batch, position) => {
        // The leader has published its own batch when its commit resolved.
        if (position <= this.#position.value) return;
        assert(position === this.#position.value + 1, "the log has no gap");
        this.#take(batch);
        if (batch.term !== this.#termOfLastBatch) this.#beginTerm(batch.term);
      },
      reload: () => void this.#load(signal),
    };
    this.#unfollow = this.#options.engine.follow(this.#position.value, follower);
  }

  /** Publishes the batch after the last one. If this server committed it, the queue of writes does. */
  #take(batch: CommittedBatch): void {
    this.#position.value += 1;
    const own = this.#newestOwn?.term.number === batch.term ? this.#newestOwn : undefined;
    if (!own?.writes.publishEarly()) {
      const { state, touched } = applyRows(this.state, batch);
      this.publish(state, touched);
    }
    this.#learnOrigins(batch);
    this.#position.wake();
  }

  /** Loads the state at the start, and after a compaction of batches that this server had not seen, and follows the log from there. */
  async #load(signal: AbortSignal): Promise<void> {
    const { clock, server, start } = this.#options;
    let loaded: LoadedState | undefined;
    while (!loaded && !signal.aborted) {
      try {
        loaded = await loadState(this.#options);
      } catch (error) {
        this.#report("Cannot load the data of the cluster; trying again", error);
        await sleep(clock, retryMs, signal);
      }
    }
    if (!loaded || signal.aborted) return;
    this.#position.value = loaded.position;
    this.#applied.clear();
    for (const [name, applied] of loaded.applied) this.#applied.set(name, applied);
    this.publish(loaded.state, new Set([topics.everything]));
    const newest = loaded.applied.get(server);
    if (newest?.start === start) this.#own.rejectUnconfirmed(newest.serial);
    this.#follow(signal);
    this.#position.wake();
  }

  #report(message: string, error: unknown): void {
    const reason = messageOf(error);
    if (!this.closed) this.#options.log[this.#throttle.isNew(reason) ? "warn" : "debug"](message, { reason });
  }

  /** Learns from a batch which writes are in the log, and the outcomes of those of this server. */
  #learnOrigins({ changes, term }: CommittedBatch): void {
    for (const { server, start, serial, outcomes } of originsIn(changes)) {
      this.#applied.set(server, { start, serial });
      if (server !== this.#options.server || start !== this.#options.start) continue;
      for (const [own, each] of outcomes) this.#own.noteDone(own, { outcomes: each, term });
    }
  }

  /**
   * Called with the first batch of a term: no batch of an earlier term can follow. So a forwarded write without an outcome was not
   * done, and is sent to the new leader.
   */
  #beginTerm(term: number): void {
    this.#termOfLastBatch = term;
    this.#own.endTermsBefore(term);
    this.#sending.send();
  }
}
