/** The call or the return of an operation, in a list that is ordered by time. */
export interface Entry<Op> {
  readonly operation: Op;
  /** The position of the operation in the history. */
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
 * A linked list of the calls and returns of operations that have no place in the order yet. The search lifts an operation out of
 * the list when it places the operation, and puts it back when it backtracks. A lifted entry remembers its
 * neighbours, so that the search can put it back between them.
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
