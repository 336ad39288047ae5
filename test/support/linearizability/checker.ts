/**
 * Decides whether there is an order of the operations, each at one moment between its call and its return, in which
 * every answer is the one that the model gives.
 *
 * This is the search of Wing and Gong (1993) with Lowe's cache of visited configurations. It walks the calls that have
 * no place in the order yet, from the earliest on. Each call up to the first return can come next, because a returned
 * operation precedes all later calls. When the model allows a call, the search places the call and begins again at the
 * earliest one. At a return the search takes back the last placed call and tries the call after it. Two configurations
 * with the same placed operations and the same state have the same future, so the search visits only one of them.
 *
 * An operation without an answer has no return. The search may place it anywhere after its call, or leave it out.
 */
import { Entries, type Entry } from "./entries.ts";
import type { Model, Operation } from "./operation.ts";

export interface Verdict<State, Input, Output> {
  readonly isLinearizable: boolean;
  /** The longest order found, each operation with the state after it. It has all answered operations if they are linearizable. */
  readonly order: readonly Placed<State, Input, Output>[];
}

export interface Placed<State, Input, Output> {
  readonly operation: Operation<Input, Output>;
  readonly state: State;
}

/**
 * Maximum number of steps of a search. A search with more has too many overlapping operations: the workload needs more partitions
 * or fewer clients.
 */
const stepsMax = 5_000_000;

/**
 * Searches for an order that explains all answers.
 * @throws Error when the search would take too long to decide
 */
export function checkLinearizable<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
): Verdict<State, Input, Output> {
  return new Search(model, operations).run();
}

interface Step<State, Input, Output> extends Placed<State, Input, Output> {
  readonly entry: Entry<Operation<Input, Output>>;
  readonly before: State;
  /** The other states that the operation could leave and that the search has not tried yet. */
  readonly others: readonly State[];
}

class Search<State, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  readonly #entries: Entries<Operation<Input, Output>>;
  readonly #placed: Uint16Array;
  readonly #visited = new Set<string>();
  readonly #steps: Step<State, Input, Output>[] = [];
  #longest: readonly Placed<State, Input, Output>[] = [];
  #state: State;
  #stepsTaken = 0;

  constructor(model: Model<State, Input, Output>, operations: readonly Operation<Input, Output>[]) {
    this.#model = model;
    this.#entries = new Entries(operations);
    this.#placed = new Uint16Array(Math.ceil(operations.length / 16));
    this.#state = model.initial;
  }

  run(): Verdict<State, Input, Output> {
    let entry = this.#entries.first;
    while (this.#entries.answersLeft > 0) {
      if (++this.#stepsTaken > stepsMax) throw new Error(`not decided within ${stepsMax} steps`);
      if (entry?.isCall) {
        const { input, output } = entry.operation;
        const states = this.#model.step(this.#state, input, output);
        entry = this.#place(entry, states) ? this.#entries.first : entry.after;
      } else {
        const last = this.#takeBack();
        if (!last) return { isLinearizable: false, order: this.#longest };
        entry = this.#place(last.entry, last.others) ? this.#entries.first : last.entry.after;
      }
    }
    return { isLinearizable: true, order: [...this.#steps] };
  }

  /**
   * Places the call, with the first of `states` (the states that the call can leave) that gives a new configuration. Returns
   * false and places nothing when the search has visited the configurations of all `states`.
   */
  #place(entry: Entry<Operation<Input, Output>>, states: readonly State[]): boolean {
    if (states.length === 0) return false;
    this.#mark(entry.at);
    const fresh = states.findIndex((state) => this.#isFirstVisit(state));
    const state = states[fresh];
    if (fresh < 0 || state === undefined) {
      this.#mark(entry.at);
      return false;
    }
    const { operation } = entry;
    this.#steps.push({ operation, entry, state, before: this.#state, others: states.slice(fresh + 1) });
    this.#entries.lift(entry);
    this.#state = state;
    return true;
  }

  #takeBack(): Step<State, Input, Output> | undefined {
    if (this.#steps.length > this.#longest.length) this.#longest = [...this.#steps];
    const last = this.#steps.pop();
    if (!last) return undefined;
    this.#entries.putBack(last.entry);
    this.#mark(last.entry.at);
    this.#state = last.before;
    return last;
  }

  #isFirstVisit(state: State): boolean {
    const place = `${String.fromCharCode(...this.#placed)} ${this.#model.keyOf(state)}`;
    if (this.#visited.has(place)) return false;
    this.#visited.add(place);
    return true;
  }

  /** Marks an operation as placed; if it is marked already, removes the mark. */
  #mark(at: number): void {
    const word = at >> 4;
    this.#placed[word] = (this.#placed[word] ?? 0) ^ (1 << (at & 15));
  }
}
