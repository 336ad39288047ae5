import type { Engine } from "../engine/engine.ts";
import type { Clock } from "../lib/clock.ts";
import type { HistoryPolicy } from "../model/kv-history.ts";
import type { Command, Outcome } from "../state/command.ts";
import type { State } from "../state/state.ts";
import type { LocalRow } from "./local-rows.ts";
import type { Consistency, Registry } from "./registry.ts";
import { VisibleState } from "./visible-state.ts";
import { noMeter, type StoreMeter, WriteQueue } from "./write-queue.ts";

interface StoreOptions {
  readonly clock: Clock;
  readonly meter?: StoreMeter;
  /** The policy for the past of the keys; absent: the store keeps no past. */
  readonly history?: HistoryPolicy | undefined;
}

/**
 * The store of a server that stands alone: it orders all writes itself, it alone writes to the engine, and it alone holds the
 * state.
 */
export class Store extends VisibleState implements Registry {
  readonly #writes: WriteQueue;
  #closed = false;

  /** @param state the state that the engine's rows make */
  constructor(engine: Engine, state: State, { clock, meter = noMeter, history }: StoreOptions) {
    super(state);
    this.#writes = new WriteQueue(this, engine, { clock, meter, history });
  }

  get refusal(): unknown {
    return this.#writes.refusal;
  }

  get closed(): boolean {
    return this.#closed;
  }

  freshen(_consistency: Consistency): undefined {
    return undefined;
  }

  get leads(): true {
    return true;
  }

  /** Never calls the listener: a server that stands alone leads for as long as it runs. */
  onRole(_listener: () => void): void {}

  submitAsLeader(command: Command): Promise<Outcome> {
    return this.submit(command);
  }

  submit(command: Command): Promise<Outcome> {
    return this.#writes.submitOne(command);
  }

  /** @param local rows that only this agent uses (LocalRows), written in the same batch whatever the commands' outcomes */
  submitTogether(commands: readonly Command[], local?: readonly LocalRow[]): Promise<readonly Outcome[]> {
    return this.#writes.submit({ commands, local });
  }

  /** Takes no more commands, waits for those under way, and wakes every waiting query. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#writes.close();
    this.watches.wakeAll();
  }
}
