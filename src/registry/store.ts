import type { Engine, RowChange } from "../engine/engine.ts";
import { assert } from "../lib/assert.ts";
import type { Clock } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import type { Applied } from "../state/apply.ts";
import { Batch } from "../state/batch.ts";
import type { Command, Outcome } from "../state/command.ts";
import { latestMs } from "../state/lock-delay.ts";
import { storeTables } from "../state/rows.ts";
import type { State } from "../state/state.ts";
import type { Topic } from "../state/topics.ts";
import type { LocalRow } from "./local-rows.ts";
import type { CommitListener, Consistency, Registry } from "./registry.ts";
import { TopicIndexes } from "./topic-indexes.ts";
import { Watches, type Waiter } from "./watches.ts";

/**
 * A call of `submit` or `submitTogether` that waits for its outcomes. The store never splits the commands of a call over two
 * batches.
 */
interface Pending {
  readonly startMs: number;
  readonly commands: readonly Command[];
  readonly local: readonly LocalRow[];
  readonly resolve: (outcomes: readonly Outcome[]) => void;
  readonly reject: (reason: unknown) => void;
}

interface PreparedBatch extends Omit<Applied, "outcome"> {
  readonly settle: readonly (() => void)[];
}

/** Milliseconds within which a batch must become durable. Each row of the batch adds one, so that a large restore can end. */
const commitMsMax = 10_000;

/** Receives the store's events and durations, for metrics. */
export interface StoreMeter {
  /** Returns the present time in milliseconds, counted from an arbitrary start. */
  now(): number;
  /** Called when the state machine has applied a command, with the milliseconds that this took. */
  applied(type: Command["type"], ms: number): void;
  /** Called when a batch is durable, with the milliseconds since the store passed it to the engine. */
  committed(ms: number): void;
  /** Called when a batch failed, or the engine has not made it durable in time. */
  refused(reason: unknown): void;
  /** Called when a command has an outcome, with the milliseconds since its request. */
  submitted(type: Command["type"], ms: number): void;
}

const noMeter: StoreMeter = {
  now: () => 0,
  applied: () => {},
  committed: () => {},
  refused: () => {},
  submitted: () => {},
};

/**
 * The store of a server that orders all writes itself: it alone writes to the engine, and it alone holds the state.
 *
 * Commands queue up while the engine makes a batch durable. Then the store applies all of them, in order, to a private next state
 * and commits their rows as one batch (group commit, without a timer). When the batch is durable the store swaps the state,
 * resolves the callers' promises and wakes the watchers of the touched topics.
 *
 * Life cycle: open from the rows of an engine; take commands; stall when the engine has not answered in time, and take commands
 * again when it has; close.
 *
 * Invariants:
 * - One batch is under way at a time, and the commands of one call are never in two batches.
 * - No reader sees a change that is not durable. A batch that fails is dropped: its callers get the error, and the state is
 *   unchanged.
 * - While the store is stalled no caller waits: those of the batch under way get "write-unconfirmed" (the write may still become
 *   durable), all others "store-stalled" (the write was not done).
 * - An index, of the state or of a topic, never falls.
 */
export class Store implements Registry {
  readonly watches: Watches = new Watches();
  readonly #engine: Engine;
  readonly #meter: StoreMeter;
  readonly #listeners: CommitListener[] = [];
  readonly #indexes = new TopicIndexes();
  /** Indexes of topics whose data is in memory only and not in the state, such as coordinates. */
  readonly #besideIndexes = new Map<Topic, number>();
  readonly #clock: Clock;
  /** Milliseconds by which the state's time is ahead of the monotonic clock. */
  #aheadMs: number;
  #state: State;
  #queue: Pending[] = [];
  #running: Promise<void> | undefined;
  #stalled = false;
  #refusal: unknown;
  #closed = false;

  constructor(
    engine: Engine,
    state: State,
    { clock, meter = noMeter }: { readonly clock: Clock; readonly meter?: StoreMeter },
  ) {
    this.#aheadMs = latestMs(state) - clock.monotonicMs();
    this.#clock = clock;
    this.#engine = engine;
    this.#meter = meter;
    this.#state = state;
  }

  get state(): State {
    return this.#state;
  }

  get refusal(): unknown {
    return this.#refusal;
  }

  /** Returns the present state at any consistency: a single server has every write that it has acknowledged in its state. */
  async snapshot(_consistency: Consistency): Promise<State> {
    return this.#state;
  }

  indexOf(topics: readonly Topic[]): number {
    let index = 0;
    for (const topic of topics) index = Math.max(index, this.#topicIndex(topic));
    return index;
  }

  #topicIndex(topic: Topic): number {
    return this.#besideIndexes.get(topic) ?? this.#indexes.of(this.#state, topic);
  }

  get closed(): boolean {
    return this.#closed;
  }

  wait(topics: readonly Topic[], waiter: Waiter): () => void {
    return this.watches.wait(topics, waiter);
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

  submit(command: Command): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.#enqueue({
        startMs: this.#meter.now(),
        commands: [command],
        local: [],
        resolve([outcome]) {
          assert(outcome !== undefined, "a command has an outcome");
          resolve(outcome);
        },
        reject,
      });
    });
  }

  /**
   * Submits the commands of one call, in one batch. @param local rows that only this agent uses (LocalRows), written in the same
   * batch whatever the commands' outcomes
   */
  submitTogether(commands: readonly Command[], local: readonly LocalRow[] = []): Promise<readonly Outcome[]> {
    return new Promise((resolve, reject) => {
      this.#enqueue({ startMs: this.#meter.now(), commands, local, resolve, reject });
    });
  }

  /** Refuses further commands, waits for those under way, and wakes every waiting query. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
    this.watches.wakeAll();
  }

  #enqueue(pending: Pending): void {
    if (this.#closed) return pending.reject(agentStopping());
    if (this.#stalled) return pending.reject(storeStalled());
    this.#queue.push(pending);
    this.#running ??= this.#drain();
  }

  async #drain(): Promise<void> {
    // Calls made in one tick of the event loop share the first batch, and so its sync.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const pending = this.#queue;
      this.#queue = [];
      await this.#commit(pending);
    }
    this.#running = undefined;
  }

  /**
   * Rejects the calls of a batch that the engine has not made durable in time. The engine may still make the batch durable later.
   */
  #stall(pending: readonly Pending[]): void {
    this.#stalled = true;
    const unconfirmed = writeUnconfirmed();
    this.#refused(unconfirmed);
    for (const { reject } of pending) reject(unconfirmed);
    for (const { reject } of this.#queue.splice(0)) reject(storeStalled());
  }

  #refused(cause: unknown): void {
    this.#refusal = cause;
    this.#meter.refused(cause);
  }

  async #commit(pending: readonly Pending[]): Promise<void> {
    const meter = this.#meter;
    const before = this.#state;
    const nowMs = this.#aheadMs + this.#clock.monotonicMs();
    const batch = prepare(before, pending, { nowMs, meter });
    const startMs = meter.now();
    if (batch.changes.length > 0) {
      const stalling = this.#clock.schedule(commitMsMax + batch.changes.length, () => this.#stall(pending));
      try {
        await this.#engine.commit({ revision: batch.state.index, changes: batch.changes });
      } catch (cause) {
        this.#refused(cause);
        for (const { reject } of pending) reject(cause);
        return;
      } finally {
        stalling.cancel();
        this.#stalled = false;
      }
    }
    // A lock delay starts when the end of its session is durable, because no client can know of that end earlier.
    if (batch.state.lockDelays !== before.lockDelays) this.#aheadMs = nowMs - this.#clock.monotonicMs();
    if (batch.changes.length > 0) this.#refusal = undefined;
    const endMs = meter.now();
    meter.committed(endMs - startMs);
    for (const { commands, startMs: submittedMs } of pending)
      for (const { type } of commands) meter.submitted(type, endMs - submittedMs);
    this.#state = batch.state;
    this.#indexes.follow(before, batch.state, batch.touched);
    for (const listener of this.#listeners) listener(batch.touched);
    for (const settle of batch.settle) settle();
    this.watches.wake(batch.touched);
  }
}

function agentStopping(): OperatingError {
  return new OperatingError("unavailable", "stopping", "the agent is stopping and takes no writes");
}

function writeUnconfirmed(): OperatingError {
  const message =
    `the disk has not confirmed the write within ${commitMsMax / 1_000} s. It may still be done: read before you write ` +
    "again, and look at the disk.";
  return new OperatingError("timeout", "write-unconfirmed", message);
}

function storeStalled(): OperatingError {
  const message =
    "the disk does not answer, and until it does no writes are taken: this one was not done. Look at the disk.";
  return new OperatingError("unavailable", "store-stalled", message);
}

/**
 * Applies the commands one after the other. A command that throws (a bug in Praetor) has no effect; its call rejects, and
 * all other commands take effect.
 */
function prepare(
  base: State,
  pending: readonly Pending[],
  { nowMs, meter }: { readonly nowMs: number; readonly meter: StoreMeter },
): PreparedBatch {
  const batch = new Batch(base, nowMs);
  const settle: (() => void)[] = [];
  const local: RowChange[] = [];
  for (const { commands, local: rows, resolve, reject } of pending) {
    for (const { key, value } of rows) local.push({ table: storeTables.local, key, value });
    const outcomes: Outcome[] = [];
    const faults: unknown[] = [];
    for (const command of commands) {
      try {
        const startMs = meter.now();
        outcomes.push(batch.apply(command));
        meter.applied(command.type, meter.now() - startMs);
      } catch (fault) {
        faults.push(fault);
      }
    }
    settle.push(() => (faults.length > 0 ? reject(faults[0]) : resolve(outcomes)));
  }
  const finished = batch.finish();
  const changes = local.length === 0 ? finished.changes : [...local, ...finished.changes];
  return { ...finished, changes, settle };
}
