import type { RowChange } from "../engine/engine.ts";
import {
  type Follower,
  leadershipLost,
  type Position,
  type ReplicatedEngine,
  type Term,
} from "../engine/replicated-engine.ts";
import { assert } from "../lib/assert.ts";
import { type Clock, sleep } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import { SharedRuns } from "../lib/shared-runs.ts";
import { applyRows } from "../state/apply-rows.ts";
import type { Command, Outcome } from "../state/command.ts";
import { openState } from "../state/open-state.ts";
import type { State } from "../state/state.ts";
import { topics } from "../state/topics.ts";
import { type ForwardedResult, type ForwardedWrites, type LeaderCalls, Leading } from "./forwarding.ts";
import { originRows, originsIn } from "./origins.ts";
import { noLeader, OwnWrites } from "./own-writes.ts";
import type { Consistency, Registry } from "./registry.ts";
import { VisibleState } from "./visible-state.ts";
import { noMeter, type StoreMeter, WriteQueue } from "./write-queue.ts";

export interface ReplicatedStoreOptions {
  readonly engine: ReplicatedEngine;
  /** The id of this server. */
  readonly server: string;
  /** A text that no other start of this server has. */
  readonly start: string;
  readonly leaderCalls: LeaderCalls;
  /** The index of the first state of a new cluster. */
  readonly firstIndex: number;
  /** Milliseconds for which a write or a read waits for a leader. Consul: rpc_hold_timeout, 7 s. */
  readonly holdMs: number;
  readonly clock: Clock;
  readonly meter?: StoreMeter;
}

/** Milliseconds before this server asks a leader again that did not answer, or campaigns again. */
const retryMs = 50;
/** Milliseconds after which a leader whose lease no server has confirmed asks the engine before it answers a default read. */
const confirmedMsMax = 1_000;

/**
 * The store of one server of several. All of them have the whole state; the one that leads orders the writes.
 *
 *     leader     write ─▶ WriteQueue ─▶ term.commit ─▶ visible ─▶ caller
 *     follower   write ─▶ message to the leader ─▶ the batch arrives in the log ─▶ visible ─▶ caller
 *
 * Life cycle: `open` loads the state; `run` follows the log and campaigns until its signal aborts. A server that has won a term
 * first applies all batches before it. Then it commits an empty batch, by which the others learn that no batch of an earlier
 * term can follow, and from then on it takes writes.
 *
 * A forwarded write has a serial. A batch keeps the serials and outcomes of the forwarded writes in it (origins.ts), so a
 * follower that lost its leader learns from the log which of its writes were done, and sends the others to the next leader. No
 * write is done twice, and no outcome stays unknown, except of a write whose batch was compacted away before this server saw it.
 *
 * Invariants:
 * - A caller gets its outcome when its write is durable and in this server's state.
 * - An index, of the state or of a topic, never falls on any server.
 * - A write that is refused with "no-leader" was not done; with "write-unconfirmed" it may be.
 */
export class ReplicatedStore extends VisibleState implements Registry {
  readonly #options: ReplicatedStoreOptions;
  readonly #meter: StoreMeter;
  /** The position of the last batch in the state. */
  #position: Position;
  readonly #positionWaiters = new Set<() => void>();
  /** By server: its newest write in the log. */
  readonly #applied: NewestWrites;
  /** The number of the term of the last batch. */
  #term = 0;
  #unfollow: () => void = () => {};
  #leading: Leading | undefined;
  readonly #own: OwnWrites;
  #isSending = false;
  #closed = false;
  readonly #roleListeners: (() => void)[] = [];
  readonly #defaultReads: SharedRuns;
  readonly #consistentReads: SharedRuns;

  private constructor(options: ReplicatedStoreOptions, loaded: Loaded) {
    super(loaded.state);
    this.#options = options;
    this.#own = new OwnWrites(options.clock, options.holdMs);
    this.#meter = options.meter ?? noMeter;
    this.#position = loaded.position;
    this.#applied = loaded.applied;
    const opened = Promise.resolve();
    this.#defaultReads = new SharedRuns(opened, async () => this.#reaches(await this.#newestOfLeader()));
    this.#consistentReads = new SharedRuns(opened, async () => this.#reaches(await options.engine.newest()));
  }

  static async open(options: ReplicatedStoreOptions): Promise<ReplicatedStore> {
    return new ReplicatedStore(options, await load(options));
  }

  get refusal(): unknown {
    return this.#leading?.writes.refusal;
  }

  get closed(): boolean {
    return this.#closed;
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
      if (this.#closed) return reject(stopping());
      this.#own.add(commands, { resolve, reject });
      this.#send();
    });
  }

  freshen(consistency: Consistency): Promise<void> | undefined {
    if (consistency === "stale") return undefined;
    return this.#freshen(consistency === "leader" ? this.#defaultReads : this.#consistentReads);
  }

  async #freshen(reads: SharedRuns): Promise<void> {
    const { clock, holdMs } = this.#options;
    const waiting = new AbortController();
    const late = sleep(clock, holdMs, waiting.signal).then(() => {
      if (!waiting.signal.aborted) throw noLeader();
    });
    try {
      await Promise.race([this.#persist(() => reads.request(), waiting.signal), late]);
    } finally {
      waiting.abort();
    }
  }

  /** Tries until the task succeeds or the signal aborts. */
  async #persist(task: () => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        return await task();
      } catch {
        await sleep(this.#options.clock, retryMs, signal);
      }
    }
  }

  /**
   * Returns a position that covers all acknowledged writes; to be called on the leader, by this server or by a follower.
   * @throws OperatingError "leadership-lost" when this server does not lead
   */
  async newest(): Promise<Position> {
    const { engine } = this.#options;
    if (!this.#leading) throw leadershipLost();
    return this.#leading.term.confirmedMs() < confirmedMsMax ? this.#position : engine.newest();
  }

  async #newestOfLeader(): Promise<Position> {
    const { engine, leaderCalls, server } = this.#options;
    const leader = engine.leader?.name;
    if (this.#leading) return this.newest();
    if (leader === undefined || leader === server) return engine.newest();
    return leaderCalls.newest(leader).catch(() => engine.newest());
  }

  /**
   * Does writes that a follower has forwarded.
   * @throws OperatingError "leadership-lost" when this server does not lead
   */
  async takeForwarded(message: ForwardedWrites): Promise<readonly ForwardedResult[]> {
    if (!this.#leading) throw leadershipLost();
    const newest = this.#applied.get(message.server);
    return this.#leading.take(message, {
      isInLog: (serial) => newest?.start === message.start && serial <= newest.serial,
      visible: () => this.#position,
    });
  }

  /** Follows the log and campaigns until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    this.#follow();
    try {
      while (!signal.aborted) {
        try {
          await this.#lead(await this.#options.engine.campaign(signal));
        } catch {
          // The engine was not reachable, or another server won a term before this one had begun to lead.
        }
        if (!signal.aborted) await sleep(this.#options.clock, retryMs, signal);
      }
    } finally {
      this.#unfollow();
    }
  }

  /** Takes no more writes, waits for those under way, and wakes every waiting query. */
  async close(): Promise<void> {
    this.#closed = true;
    const leading = this.#leading;
    await leading?.writes.close();
    this.#own.rejectAll(stopping());
    await leading?.term.close();
    this.watches.wakeAll();
  }

  /** Leads for one term. */
  async #lead(term: Term): Promise<void> {
    const { clock, engine } = this.#options;
    await this.#reaches(await engine.newest());
    const writes = new WriteQueue(this, term, {
      clock,
      meter: this.#meter,
      rowsOfOrigins: originRows,
    });
    await term.commit({ revision: this.state.index, changes: [] });
    await this.#reaches(await engine.newest());
    this.#leading = new Leading(term, writes);
    this.#notifyRole();
    this.#send();
    await term.ended;
    this.#leading = undefined;
    this.#notifyRole();
    await writes.close();
  }

  #notifyRole(): void {
    for (const listener of this.#roleListeners) listener();
  }

  #follow(): void {
    const follower: Follower = {
      batch: (batch, position) => {
        const { term } = batch;
        const before = this.#position;
        assert(position === before + 1, "the log has no gap");
        this.#position = position;
        const isOwn = this.#leading?.term.number === term;
        if (!isOwn || !this.#leading?.writes.publishEarly()) {
          const { state, touched } = applyRows(this.state, batch);
          this.publish(state, touched);
        }
        this.#learnOrigins(batch.changes);
        if (term !== this.#term) this.#beginTerm(term);
        for (const wake of [...this.#positionWaiters]) wake();
      },
      reload: () => void this.#reload(),
    };
    this.#unfollow = this.#options.engine.follow(this.#position, follower);
  }

  /** Loads the state anew after a compaction has deleted batches that this server had not seen. */
  async #reload(): Promise<void> {
    const { clock, server, start } = this.#options;
    let loaded: Loaded | undefined;
    while (!loaded && !this.#closed) {
      try {
        loaded = await load(this.#options);
      } catch {
        await sleep(clock, retryMs);
      }
    }
    if (!loaded || this.#closed) return;
    this.#position = loaded.position;
    this.#applied.clear();
    for (const [name, applied] of loaded.applied) this.#applied.set(name, applied);
    this.publish(loaded.state, new Set([topics.everything]));
    const newest = loaded.applied.get(server);
    if (newest?.start === start) this.#own.rejectUnconfirmed(newest.serial);
    this.#follow();
    for (const wake of [...this.#positionWaiters]) wake();
  }

  /** Resolves own writes that are in a batch, and remembers which writes of each server are in the log. */
  #learnOrigins(changes: readonly RowChange[]): void {
    for (const { server, start, serial, outcomes } of originsIn(changes)) {
      this.#applied.set(server, { start, serial });
      if (server !== this.#options.server || start !== this.#options.start) continue;
      for (const [own, outcome] of outcomes) this.#own.settle(own, ({ resolve }) => resolve(outcome));
    }
  }

  /**
   * Called with the first batch of a term: no batch of an earlier term can follow. So an own write without an outcome was not
   * done, and is sent to the new leader.
   */
  #beginTerm(term: number): void {
    this.#term = term;
    this.#own.renumberSent();
    this.#send();
  }

  /** Sends own writes that no leader has yet to the leader, which may be this server; those of one tick together. */
  #send(): void {
    if (this.#isSending) return;
    this.#isSending = true;
    queueMicrotask(() => {
      this.#isSending = false;
      if (this.#leading) this.#writeOwn(this.#leading);
      else void this.#forwardOwn();
    });
  }

  #writeOwn({ writes }: Leading): void {
    for (const [serial, write] of this.#own.unsent) {
      write.isSent = true;
      writes.submit({ commands: write.commands }).then(
        (outcomes) => this.#own.settle(serial, ({ resolve }) => resolve(outcomes)),
        (error: unknown) => {
          // After a lost term the batch never takes effect, and the next leader gets the write.
          if (isLeadershipLost(error)) write.isSent = false;
          else this.#own.settle(serial, ({ reject }) => reject(error));
          this.#sendLater();
        },
      );
    }
  }

  async #forwardOwn(): Promise<void> {
    const { engine, leaderCalls, server, start } = this.#options;
    const leader = engine.leader?.name;
    const { unsent, settledBelow } = this.#own;
    if (unsent.length === 0) return;
    if (leader === undefined || leader === server) return this.#sendLater();
    const writes = unsent.map(([serial, write]) => {
      write.isSent = true;
      return { serial, commands: write.commands };
    });
    try {
      const results = await leaderCalls.forward(leader, { server, start, settledBelow, writes });
      for (const { serial, outcomes, position } of results)
        void this.#reaches(position).then(() => this.#own.settle(serial, ({ resolve }) => resolve(outcomes)));
    } catch (error) {
      const isRefused = error instanceof OperatingError && !maySucceedLater.has(error.code);
      for (const [serial, write] of unsent) {
        // The leader may have done it. It knows the serial, so it will not do it twice.
        if (!isRefused) write.isSent = false;
        else this.#own.settle(serial, ({ reject }) => reject(error));
      }
      this.#sendLater();
    }
  }

  #sendLater(): void {
    this.#options.clock.schedule(retryMs, () => this.#send());
  }

  /** Resolves when the state has the batch at this position. */
  #reaches(position: Position): Promise<void> {
    if (this.#position >= position) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        if (this.#position < position) return;
        this.#positionWaiters.delete(wake);
        resolve();
      };
      this.#positionWaiters.add(wake);
    });
  }
}

/** By server: its newest write in the log. */
type NewestWrites = Map<string, { readonly start: string; readonly serial: number }>;

interface Loaded {
  readonly state: State;
  readonly position: Position;
  readonly applied: NewestWrites;
}

async function load({ engine, firstIndex }: Pick<ReplicatedStoreOptions, "engine" | "firstIndex">): Promise<Loaded> {
  const { rows, position, revision } = await engine.load();
  const applied: NewestWrites = new Map();
  for (const { server, start, serial } of originsIn(rows)) applied.set(server, { start, serial });
  return { state: openState(rows, revision === 0 ? firstIndex : revision).state, position, applied };
}

/** Codes of errors after which a write is sent again: the leader has not done it, or knows its serial. */
const maySucceedLater: ReadonlySet<string> = new Set(["link-lost", "leadership-lost", "write-unconfirmed"]);

function isLeadershipLost(error: unknown): boolean {
  return error instanceof OperatingError && error.code === "leadership-lost";
}

function stopping(): OperatingError {
  return new OperatingError("unavailable", "stopping", "the agent is stopping and takes no writes");
}
