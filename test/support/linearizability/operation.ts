/**
 * One thing that a client asked for, and what it was told. `called` and `returned` are places in one row of events, in
 * which every request that is sent and every answer that comes has its own: of two operations, the one that returned
 * before the other was called came first, and of any others nobody can say.
 */
export interface Operation<Input, Output> {
  readonly client: number;
  readonly input: Input;
  readonly called: number;
  /** Infinity when no answer came: it may have taken effect at any time after the call, or never. */
  readonly returned: number;
  /** undefined when no answer came. */
  readonly output: Output | undefined;
}

/** What is promised of the operations, one at a time. */
export interface Model<State, Input, Output> {
  readonly initial: State;
  /**
   * The states that the operation can leave behind when it answers this; none when it cannot answer so here. More than one
   * when the answer does not tell them apart. Without an output, whatever the answer might have been.
   */
  step(state: State, input: Input, output: Output | undefined): readonly State[];
  /** The same text for states that no later operation can tell apart. */
  keyOf(state: State): string;
  /** For people. */
  showState(state: State): string;
  show(input: Input, output: Output | undefined): string;
}
