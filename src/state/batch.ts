import type { RowChange } from "../engine/engine.ts";
import { apply, run, type Applied } from "./apply.ts";
import type { Command, Keeping, KvDelete, KvSet, Outcome, Stamp } from "./command.ts";
import { Draft } from "./draft.ts";
import type { State } from "./state.ts";
import type { Topic } from "./topics.ts";

/**
 * Commands that take effect one after the other and become durable together. Consecutive writes of single keys, by far the
 * most frequent commands, share one draft: such a write is never rejected, so the draft need not be dropped.
 */
export class Batch {
  readonly #nowMs: number;
  readonly #keeping: Keeping | undefined;
  readonly #changes: RowChange[] = [];
  readonly #touched = new Set<Topic>();
  #state: State;
  #shared: Draft | undefined;

  constructor(base: State, { nowMs, keeping }: Omit<Stamp, "index">) {
    this.#state = base;
    this.#nowMs = nowMs;
    this.#keeping = keeping;
  }

  /** Applies the next command of the batch. Throws only because of a bug in Praetor; the command then has no effect. */
  apply(command: Command): Outcome {
    if (isKeyWrite(command)) return this.#write(command);
    const state = this.#endShared();
    const applied = apply(state, command, this.#stamp());
    this.#take(applied);
    return applied.outcome;
  }

  finish(): Omit<Applied, "outcome"> {
    return { state: this.#endShared(), changes: this.#changes, touched: this.#touched };
  }

  #write(command: KvSet | KvDelete): Outcome {
    if (this.#shared) this.#shared.nextCommand();
    else this.#shared = new Draft(this.#state, this.#stamp());
    return run(this.#shared, command);
  }

  #endShared(): State {
    if (this.#shared) {
      const state = this.#shared.finish();
      this.#take({ state, changes: this.#shared.changes, touched: this.#shared.touched });
      this.#shared = undefined;
    }
    return this.#state;
  }

  #take({ state, changes, touched }: Omit<Applied, "outcome">): void {
    this.#state = state;
    for (const change of changes) this.#changes.push(change);
    for (const topic of touched) this.#touched.add(topic);
  }

  #stamp(): Stamp {
    return { index: this.#state.index + 1, nowMs: this.#nowMs, keeping: this.#keeping };
  }
}

function isKeyWrite(command: Command): command is KvSet | KvDelete {
  return command.type === "kv-set" || command.type === "kv-delete";
}
