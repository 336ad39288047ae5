import { checkLinearizable, type Verdict } from "./checker.ts";
import type { Model, Operation } from "./operation.ts";

export interface Violation {
  /** The number of operations that had been sent when the violation appeared. */
  readonly operationCount: number;
  /**
   * Why no order exists: the first answer that no order explains, the longest partial order, and the operations outside of it.
   */
  readonly text: string;
}

const stepsShown = 8;

/** Describes the first answer that no order explains; returns undefined when an order explains all answers. */
export function explainViolation<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
): Violation | undefined {
  if (checkLinearizable(model, operations).isLinearizable) return undefined;
  const answered = operations.filter(({ returned }) => returned !== Infinity);
  const byAnswer = answered.toSorted((a, b) => a.returned - b.returned);
  const fault = byAnswer[firstFailing(byAnswer.length, (at) => fails(model, operations, byAnswer[at]?.returned ?? 0))];
  const known = fault ? knownAt(operations, fault.returned) : operations;
  const { order } = checkLinearizable(model, known);
  const lines = [
    `no order of these ${known.length} operations explains ${fault ? describe(model, fault) : "their answers"}`,
    `the longest order that comes near it ends so:`,
    ...order
      .slice(-stepsShown)
      .map((step) => `  ${describe(model, step.operation)}  =>  ${model.showState(step.state)}`),
    ...(order.length === 0 ? [`  ${model.showState(model.initial)}`] : []),
    `and none of these leads on from there:`,
    ...leftOf(known, order).map((operation) => `  ${describe(model, operation)}`),
  ];
  return { operationCount: known.length, text: lines.join("\n") };
}

/** Returns the history at the time when the answer at `returned` arrived: without later calls and later answers. */
function knownAt<Input, Output>(
  operations: readonly Operation<Input, Output>[],
  returned: number,
): readonly Operation<Input, Output>[] {
  return operations
    .filter(({ called }) => called < returned)
    .map((operation) =>
      operation.returned <= returned ? operation : { ...operation, returned: Infinity, output: undefined },
    );
}

function fails<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  returned: number,
): boolean {
  return !checkLinearizable(model, knownAt(operations, returned)).isLinearizable;
}

/**
 * Returns the position of the first answer that no order explains. A binary search suffices: when no order explains a history, no
 * order explains a longer one.
 */
function firstFailing(count: number, fails: (at: number) => boolean): number {
  let [low, high] = [0, count - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (fails(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function leftOf<State, Input, Output>(
  operations: readonly Operation<Input, Output>[],
  order: Verdict<State, Input, Output>["order"],
): readonly Operation<Input, Output>[] {
  const placed = new Set(order.map(({ operation }) => operation));
  const left = operations.filter((operation) => !placed.has(operation));
  const firstAnswer = Math.min(...left.map(({ returned }) => returned));
  return left.filter(({ called }) => called < firstAnswer).toSorted((a, b) => a.called - b.called);
}

function describe<State, Input, Output>(
  model: Model<State, Input, Output>,
  { client, input, output, called, returned }: Operation<Input, Output>,
): string {
  const when = `[${called} to ${returned === Infinity ? "?" : returned}]`;
  return `${when} client ${client}: ${model.show(input, output)}`;
}
