/** An operation's call or its return, in a list of both that is ordered by time. */
export interface Entry<Op> {
  readonly operation: Op;
  /** The operation's number. */
  readonly at: number;
  /** The return of an answered call; undefined if this entry is a return or a call that was never answered. */
  readonly answer: Entry<Op> | undefined;
  readonly isCall: boolean;
  before: Entry<Op> | undefined;
  after: Entry<Op> | undefined;
}

interface Timed {
  readonly called: number;
  readonly returned: number;
}

/**
 * The calls and returns of operations that have no place in the order yet. The search lifts an operation out when it
 * places it, and puts it back when it backtracks; the entry keeps its old neighbours for that.
 */
export class Entries<Op extends Timed> {
  #first: Entry<Op> | undefined;
  #answersLeft = 0;

  constructor(operations: readonly Op[]) {
    const placed = operations.flatMap((operation, at) => entriesOf(operation, at));
    let last: Entry<Op> | undefined;
    for (const { entry } of placed.toSorted((a, b) => a.time - b.time)) {
      entry.before = last;
      if (last) last.after = entry;
      else this.#first = entry;
      last = entry;
      if (!entry.isCall) this.#answersLeft++;
    }
  }

  get first(): Entry<Op> | undefined {
    return this.#first;
  }

  /** Returns the number of answered operations that are still in the list. */
  get answersLeft(): number {
    return this.#answersLeft;
  }

  lift(call: Entry<Op>): void {
    this.#unlink(call);
    if (!call.answer) return;
    this.#unlink(call.answer);
    this.#answersLeft--;
  }

  /** Undoes the latest lift that is not undone yet. */
  putBack(call: Entry<Op>): void {
    if (call.answer) {
      this.#link(call.answer);
      this.#answersLeft++;
    }
    this.#link(call);
  }

  #unlink({ before, after }: Entry<Op>): void {
    if (before) before.after = after;
    else this.#first = after;
    if (after) after.before = before;
  }

  #link(entry: Entry<Op>): void {
    if (entry.before) entry.before.after = entry;
    else this.#first = entry;
    if (entry.after) entry.after.before = entry;
  }
}

function entriesOf<Op extends Timed>(operation: Op, at: number): { entry: Entry<Op>; time: number }[] {
  const unlinked = { operation, at, before: undefined, after: undefined };
  const call: Entry<Op> = { ...unlinked, isCall: true, answer: undefined };
  if (operation.returned === Infinity) return [{ entry: call, time: operation.called }];
  const answer: Entry<Op> = { ...unlinked, isCall: false, answer: undefined };
  return [
    { entry: { ...call, answer }, time: operation.called },
    { entry: answer, time: operation.returned },
  ];
}
