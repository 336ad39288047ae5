/**
 * One request of a client and its answer. `called` and `returned` are positions in a single sequence of events, in which each
 * sent request and each received answer is an event. An operation that returned before another one was called precedes it;
 * otherwise either order is possible.
 */
export interface Operation<Input, Output> {
  readonly client: number;
  readonly input: Input;
  readonly called: number;
  /**
   * The position of the answer; Infinity when no answer came: the operation may have taken effect at any time after the call, or
   * never.
   */
  readonly returned: number;
  /** The answer; undefined when no answer came. */
  readonly output: Output | undefined;
}

/** A sequential model: defines the correct result of one operation after another. */
export interface Model<State, Input, Output> {
  readonly initial: State;
  /**
   * Returns the states that the operation can leave when it returns `output`. The list is empty if the operation cannot return
   * `output` in this state, and has several states if `output` does not distinguish them. Without an output, returns the states
   * after every possible answer.
   */
  step(state: State, input: Input, output: Output | undefined): readonly State[];
  /** Returns a text that is equal for states that no later operation can distinguish. */
  keyOf(state: State): string;
  /** Returns a readable form of the state for failure messages. */
  showState(state: State): string;
  show(input: Input, output: Output | undefined): string;
}
