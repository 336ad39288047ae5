import type { Engine, RowChange } from "../engine/engine.ts";
import { assert } from "../lib/assert.ts";
import type { Clock } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import { nextTurn } from "../lib/next-turn.ts";
import type { Applied } from "../state/apply.ts";
import { Batch } from "../state/batch.ts";
import type { HistoryPolicy } from "../model/kv-history.ts";
import type { Command, Keeping, Outcome } from "../state/command.ts";
import { KeptRate } from "../state/kept-rate.ts";
import { latestMs } from "../state/lock-delay.ts";
import { storeTables } from "../state/rows.ts";
import type { State } from "../state/state.ts";
import { Gathering } from "./gathering.ts";
import type { LocalRow } from "./local-rows.ts";
import type { ForwardedOutcomes, Origin } from "./origins.ts";
import type { VisibleState } from "./visible-state.ts";

/** Commands that belong together: the queue never splits them over two batches. */
export interface Write {
  readonly commands: readonly Command[];
  /** Rows that only this agent uses (LocalRows), written in the same batch whatever the commands' outcomes. */
  readonly local?: readonly LocalRow[] | undefined;
  /** Where the write comes from, if another server forwarded it. */
  readonly origin?: Origin | undefined;
}

/** A write that waits for its outcomes. */
interface Pending extends Write {
  readonly startMs: number;
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

export const noMeter: StoreMeter = {
  now: () => 0,
  applied: () => {},
  committed: () => {},
  refused: () => {},
  submitted: () => {},
};

interface WriteQueueOptions {
  readonly clock: Clock;
  readonly meter: StoreMeter;
  /** The policy for the past of the keys; absent: the store keeps no past. */
  readonly history?: HistoryPolicy | undefined;
  /** Whether the queue waits between batches (Gathering): it pays on an engine whose commits take milliseconds. */
  readonly gathers?: boolean;
  /** Returns the rows that record the outcomes of forwarded writes; the queue adds them to a batch that changes something. */
  readonly rowsOfOrigins?: (forwarded: readonly ForwardedOutcomes[]) => readonly RowChange[];
}

/**
 * Orders the writes of the server that leads.
 *
 * Writes queue up while the engine makes a batch durable. Then the queue applies all of them, in order, to a private next state
 * and commits their rows as one batch (group commit). When the batch is durable, the queue publishes the state, which resolves the
 * callers' promises and wakes the watchers of the touched topics.
 *
 * Life cycle: take writes; stall when the engine has not answered in time, and take writes again when it has; close.
 *
 * Invariants:
 * - One batch is under way at a time, and the commands of one write are never in two batches.
 * - No reader sees a change that is not durable. A batch that fails is dropped: its callers get the error, and the state is
 *   unchanged.
 * - While the queue is stalled no caller waits: those of the batch under way get "write-unconfirmed" (the write may still become
 *   durable), all others "store-stalled" (the write was not done).
 */
export class WriteQueue {
  readonly #visible: VisibleState;
  readonly #engine: Engine;
  readonly #options: WriteQueueOptions;
  readonly #gathering: Gathering | undefined;
  /** Milliseconds by which the state's time is ahead of the monotonic clock. */
  #aheadMs: number;
  #queue: Pending[] = [];
  #running: Promise<void> | undefined;
  /** The number of writes that waited when the last batch was durable, those in it included. */
  #callers = 0;
  readonly #keptRate = new KeptRate();
  /** Publishes the batch under way; undefined while no batch is under way. */
  #publish: (() => void) | undefined;
  #stalled = false;
  #refusal: unknown;
  #closed = false;

  constructor(visible: VisibleState, engine: Engine, options: WriteQueueOptions) {
    this.#visible = visible;
    this.#engine = engine;
    this.#options = options;
    if (options.gathers === true) this.#gathering = new Gathering(options.clock);
    this.#aheadMs = latestMs(visible.state) - options.clock.monotonicMs();
  }

  /** The error because of which the last batch is not durable; undefined if it is durable. */
  get refusal(): unknown {
    return this.#refusal;
  }

  /** Resolves with the outcomes of the write's commands when they are durable and visible. */
  submit(write: Write): Promise<readonly Outcome[]> {
    return new Promise((resolve, reject) => this.#enqueue(write, resolve, reject));
  }

  /** Resolves with the command's outcome when it is durable and visible. */
  submitOne(command: Command): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const settle = ([outcome]: readonly Outcome[]): void => {
        assert(outcome !== undefined, "a command has an outcome");
        resolve(outcome);
      };
      this.#enqueue({ commands: [command] }, settle, reject);
    });
  }

  #enqueue(write: Write, resolve: Pending["resolve"], reject: Pending["reject"]): void {
    if (this.#closed) return reject(agentStopping());
    if (this.#stalled) return reject(storeStalled());
    const { commands, local, origin } = write;
    this.#queue.push({ commands, local, origin, startMs: this.#options.meter.now(), resolve, reject });
    this.#running ??= this.#drain();
    this.#gathering?.arrived(this.#queue.length);
  }

  /**
   * Publishes the batch under way before the engine has confirmed it to this queue, because the caller knows that it is durable.
   * Returns whether a batch was under way.
   */
  publishEarly(): boolean {
    const publish = this.#publish;
    publish?.();
    return publish !== undefined;
  }

  /** Takes no more writes, and resolves when those under way have their outcomes. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#gathering?.end();
    await this.#running;
  }

  async #drain(): Promise<void> {
    // Callers of one tick share the first batch, and so its sync.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const pending = this.#queue;
      this.#queue = [];
      await (this.#gathering ? this.#commitAndGather(pending, this.#gathering) : this.#commit(pending));
    }
    this.#running = undefined;
  }

  async #commitAndGather(pending: readonly Pending[], gathering: Gathering): Promise<void> {
    const { clock } = this.#options;
    const startMs = clock.monotonicMs();
    await this.#commit(pending);
    if (this.#closed) return;
    const commitMs = clock.monotonicMs() - startMs;
    await gathering.wait(this.#callers, { commitMs, queued: () => this.#queue.length });
  }

  /**
   * Rejects the writes of a batch that the engine has not made durable in time, and all writes in the queue. The engine may
   * still make the batch durable later.
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
    this.#options.meter.refused(cause);
  }

  async #commit(pending: readonly Pending[]): Promise<void> {
    const { clock, meter } = this.#options;
    const before = this.#visible.state;
    const nowMs = this.#aheadMs + clock.monotonicMs();
    const batch = this.#prepare(before, pending, nowMs);
    const startMs = meter.now();
    const publish = (): void => {
      this.#publish = undefined;
      // A lock delay starts when the end of its session is durable, because no client can know of it before.
      if (batch.state.lockDelays !== before.lockDelays) this.#aheadMs = nowMs - clock.monotonicMs();
      if (batch.changes.length > 0) this.#refusal = undefined;
      this.#callers = pending.length + this.#queue.length;
      const endMs = meter.now();
      meter.committed(endMs - startMs);
      for (const { commands, startMs: submittedMs } of pending)
        for (const { type } of commands) meter.submitted(type, endMs - submittedMs);
      this.#visible.publish(batch.state, batch.touched, batch.settle);
    };
    if (batch.changes.length === 0) return publish();
    this.#publish = publish;
    let isOver = false;
    const stalling = clock.schedule(commitMsMax + batch.changes.length, async () => {
      // The engine's answer may have come while the process did not run, or was busy for as long. The timer fires first then.
      await nextTurn();
      if (!isOver) this.#stall(pending);
    });
    try {
      await this.#engine.commit({ revision: batch.state.index, changes: batch.changes });
    } catch (cause) {
      this.#publish = undefined;
      this.#callers = 0;
      this.#refused(cause);
      for (const { reject } of pending) reject(cause);
      return;
    } finally {
      isOver = true;
      stalling.cancel();
      this.#stalled = false;
    }
    this.publishEarly();
  }

  #keeping(): Keeping | undefined {
    const { history, clock } = this.#options;
    return history && { policy: history, wallMs: clock.wallMs(), rate: this.#keptRate };
  }

  /**
   * Applies the commands one after the other. A command that throws (a bug in Praetor) has no effect; its call rejects, and all
   * other commands take effect.
   */
  #prepare(base: State, pending: readonly Pending[], nowMs: number): PreparedBatch {
    const { meter, rowsOfOrigins } = this.#options;
    const batch = new Batch(base, { nowMs, keeping: this.#keeping() });
    const settle: (() => void)[] = [];
    const own: RowChange[] = [];
    const forwarded: ForwardedOutcomes[] = [];
    for (const { commands, local, origin, resolve, reject } of pending) {
      if (local) for (const { key, value } of local) own.push({ table: storeTables.local, key, value });
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
      if (origin && faults.length === 0) forwarded.push({ origin, outcomes });
      settle.push(() => (faults.length > 0 ? reject(faults[0]) : resolve(outcomes)));
    }
    const finished = batch.finish();
    if (forwarded.length > 0 && finished.changes.length > 0) own.push(...(rowsOfOrigins?.(forwarded) ?? []));
    const changes = own.length === 0 ? finished.changes : [...own, ...finished.changes];
    return { ...finished, changes, settle };
  }
}

/** Returns the error for a write that a store refuses because the agent stops. */
export function agentStopping(): OperatingError {
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
