/**
 * One request of a client and its answer. `called` and `returned` are positions in a single sequence of events, in
 * which each sent request and each received answer has its own. An operation that returned before another was called
 * came first; otherwise the order of the two is open.
 */
export interface Operation<Input, Output> {
  readonly client: number;
  readonly input: Input;
  readonly called: number;
  /** Infinity when no answer came: the operation may have taken effect at any time after the call, or never. */
  readonly returned: number;
  /** undefined when no answer came. */
  readonly output: Output | undefined;
}

/** A sequential model: the promised result of one operation after another. */
export interface Model<State, Input, Output> {
  readonly initial: State;
  /**
   * The states that the operation can leave behind when it gives this answer; empty when it cannot give it in this
   * state, and several when the answer does not distinguish them. Without an output, the states of every possible
   * answer.
   */
  step(state: State, input: Input, output: Output | undefined): readonly State[];
  /** A key that is equal for states that no later operation can distinguish. */
  keyOf(state: State): string;
  /** A readable form for failure messages. */
  showState(state: State): string;
  show(input: Input, output: Output | undefined): string;
}
