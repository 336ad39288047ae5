import { describe, expect, test } from "bun:test";
import { FakeRandom } from "../fake-random.ts";
import { checkLinearizable } from "./checker.ts";
import { explainViolation } from "./explanation.ts";
import type { Model, Operation } from "./operation.ts";

type Input = { readonly set: number } | "get";

/** The model of one number, which is 0 at first. */
const register: Model<number, Input, number> = {
  initial: 0,
  step(state, input, output) {
    if (input !== "get") return [input.set];
    return output === undefined || output === state ? [state] : [];
  },
  keyOf: String,
  showState: String,
  show: (input, output) => (input === "get" ? `get -> ${output}` : `set ${input.set}`),
};

/**
 * Returns the history that one line for each client describes. An operation, such as "set 1", lasts from its first to its last
 * letter. A "?" at its end means that the operation was never answered.
 */
function historyOf(...lines: readonly string[]): readonly Operation<Input, number>[] {
  return lines.flatMap((line, client) =>
    [...line.matchAll(/(set|get) (\d+)(\??)/g)].map(([text, verb, number, open], at): Operation<Input, number> => {
      const input = verb === "get" ? "get" : { set: Number(number) };
      const called = [...line.matchAll(/(set|get) (\d+)(\??)/g)][at]?.index ?? 0;
      const isOpen = open === "?";
      const returned = isOpen ? Infinity : called + text.length - 0.5;
      return { client, called, returned, input, output: isOpen ? undefined : Number(number) };
    }),
  );
}

const right: readonly (readonly [what: string, history: readonly string[]])[] = [
  ["an empty history", []],
  ["operations one after the other", ["set 1  get 1  set 2  get 2"]],
  ["a read that returns the value of a concurrent write", ["set 1", "get 1"]],
  ["a read that returns the value before a concurrent write", ["set 1", "get 0"]],
  ["a read that returns the value of either of two concurrent writes", ["set 1 ", "set 2 ", "      get 1"]],
  ["an unanswered write that took effect", ["set 1?        ", "       get 1"]],
  ["an unanswered write that did not take effect", ["set 1?        ", "       get 0"]],
  ["an unanswered write that took effect late", ["set 1?        ", "       get 0   get 0   get 1"]],
];

const wrong: readonly (readonly [what: string, history: readonly string[]])[] = [
  ["a stale read", ["set 1  set 2         ", "              get 1"]],
  ["a lost write", ["set 1         ", "       get 0"]],
  ["a read of a value that no client wrote", ["set 1", "       get 3"]],
  ["reads that return two concurrent writes in turn", ["set 1 ", "set 2 ", "      get 1 get 2 get 1"]],
  [
    "an unanswered write that takes effect twice",
    ["set 1?                            ", "       get 1   set 2   get 2  get 1"],
  ],
];

describe("the checker finds an order that explains", () => {
  test.each(right)("%s", (_, lines) => {
    const operations = historyOf(...lines);
    expect(explainViolation(register, operations)).toBeUndefined();
    const answered = operations.filter(({ output }) => output !== undefined).length;
    expect(checkLinearizable(register, operations).order.length).toBeGreaterThanOrEqual(answered);
  });
});

describe("the checker finds no order that explains", () => {
  test.each(wrong)("%s", (_, lines) => {
    expect(checkLinearizable(register, historyOf(...lines)).isLinearizable).toBe(false);
  });
});

test("the checker agrees with a search of all orders, for random histories", () => {
  let unexplained = 0;
  for (let seed = 0; seed < 2_000; seed++) {
    const operations = anyHistory(seed);
    const expected = someOrderExplains(operations, 0);
    expect({ seed, isLinearizable: checkLinearizable(register, operations).isLinearizable }).toEqual({
      seed,
      isLinearizable: expected,
    });
    if (!expected) unexplained++;
  }
  expect(unexplained).toBeGreaterThan(200);
  expect(unexplained).toBeLessThan(1_800);
});

test("in each order that the checker finds, an operation precedes all those that were called after its return", () => {
  for (let seed = 0; seed < 500; seed++) {
    const { isLinearizable, order } = checkLinearizable(register, anyHistory(seed));
    if (!isLinearizable) continue;
    order.forEach(({ operation }, at) => {
      const later = order.slice(at + 1).map((placed) => placed.operation);
      expect(later.filter(({ returned }) => returned < operation.called)).toEqual([]);
    });
  }
});

test("the report of a violation ends with the first answer that no order explains, however many answers follow", () => {
  const begin = historyOf("set 1  set 2         ", "              get 1");
  const more = Array.from({ length: 50 }, (_, at): Operation<Input, number> => {
    const time = 100 + at;
    return { client: 7, called: time, returned: time + 0.5, input: at % 2 === 0 ? { set: at } : "get", output: at - 1 };
  });
  expect(explainViolation(register, [...more, ...begin])?.text).toBe(
    [
      "no order of these 3 operations explains [14 to 18.5] client 1: get -> 1",
      "the longest order that comes near it ends so:",
      "  [0 to 4.5] client 0: set 1  =>  1",
      "  [7 to 11.5] client 0: set 2  =>  2",
      "and none of these leads on from there:",
      "  [14 to 18.5] client 1: get -> 1",
    ].join("\n"),
  );
});

/** Generates a history of a few clients with random overlaps and random answers, about half of which are right. */
function anyHistory(seed: number): readonly Operation<Input, number>[] {
  const random = new FakeRandom(seed);
  const below = (end: number): number => Math.floor(random.uniform() * end);
  return [0, 1, 2].flatMap((client) => {
    let time = random.uniform() * 4;
    return Array.from({ length: 2 }, (): Operation<Input, number> => {
      const called = time;
      const returned = called + random.uniform() * 6;
      time = returned + random.uniform();
      const input = below(2) === 0 ? "get" : { set: 1 + below(2) };
      const isOpen = below(8) === 0;
      return { client, called, returned: isOpen ? Infinity : returned, input, output: isOpen ? undefined : below(3) };
    });
  });
}

/** Returns whether an order explains the operations, by the definition of linearizability and without optimisation. */
function someOrderExplains(left: readonly Operation<Input, number>[], state: number): boolean {
  if (left.every(({ returned }) => returned === Infinity)) return true;
  return left.some((operation) => {
    const others = left.filter((other) => other !== operation);
    if (others.some(({ returned }) => returned < operation.called)) return false;
    return register.step(state, operation.input, operation.output).some((next) => someOrderExplains(others, next));
  });
}
