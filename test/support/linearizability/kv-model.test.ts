import { describe, expect, test } from "bun:test";
import { explainViolation } from "./explanation.ts";
import { kvModel } from "./kv-model.ts";
import { type KvInput, type KvOutput, type KvResult, type KvShown, type KvStep, stepOf } from "./kv-operation.ts";
import type { Operation } from "./operation.ts";

type Said = readonly [input: KvInput, output: KvOutput | undefined];

const step = (input: KvStep, result: KvResult = "done"): Said => [
  { kind: "step", step: input },
  { kind: "written", result },
];
const put = (key: string, value: string): Said => step(stepOf("set", key, { value }));
const cas = (key: string, value: string, index: number, result: KvResult = "done"): Said =>
  step(stepOf("cas", key, { value, index }), result);
const lock = (key: string, session: string, result: KvResult = "done"): Said =>
  step(stepOf("lock", key, { value: `of ${session}`, session }), result);
const unlock = (key: string, session: string, result: KvResult = "done"): Said =>
  step(stepOf("unlock", key, { value: `free of ${session}`, session }), result);
const remove = (key: string): Said => step(stepOf("delete", key));
const row = (key: string, value: string | undefined, modifyIndex: number, more: Partial<KvShown> = {}): KvShown => ({
  ...{ key, value, modifyIndex, session: "", lockIndex: 0 },
  ...more,
});
const get = (key: string, ...rows: readonly KvShown[]): Said => [
  { kind: "step", step: stepOf("get", key) },
  { kind: "shown", rows },
];
const list = (...rows: readonly KvShown[]): Said => [{ kind: "list" }, { kind: "shown", rows }];
const create = (id: string): Said => [{ kind: "create-session" }, { kind: "session", id }];
const destroy = (session: string): Said => [
  { kind: "destroy-session", session },
  { kind: "written", result: "done" },
];
const txn = (steps: readonly KvStep[], ...rows: readonly KvShown[]): Said => [
  { kind: "txn", steps },
  { kind: "committed", rows },
];
const failedTxn = (steps: readonly KvStep[], ...failed: readonly number[]): Said => [
  { kind: "txn", steps },
  { kind: "rolled-back", failed },
];
const unanswered = ([input]: Said): Said => [input, undefined];

/** Builds a history of operations that follow one another; the operations of an inner list overlap. */
function historyOf(said: readonly (Said | readonly Said[])[]): readonly Operation<KvInput, KvOutput>[] {
  return said.flatMap((some, at) => {
    const together = isOne(some) ? [some] : some;
    return together.map(([input, output], client) => {
      return { client, input, output, called: at, returned: output ? at + 0.5 + client / 10 : Infinity };
    });
  });
}

function isOne(some: Said | readonly Said[]): some is Said {
  return !Array.isArray(some[0]);
}

const set = (key: string, value: string): KvStep => stepOf("set", key, { value });
const locked = { session: "s1", lockIndex: 1 };

describe("the model of keys explains these answers:", () => {
  test.each<[string, (Said | readonly Said[])[]]>([
    ["a key, written, read and deleted", [get("a"), put("a", "1"), get("a", row("a", "1", 5)), remove("a"), get("a")]],
    ["a cas with the index that was read", [put("a", "1"), get("a", row("a", "1", 5)), cas("a", "2", 5)]],
    [
      "a cas that another has outrun",
      [put("a", "1"), get("a", row("a", "1", 5)), put("a", "2"), cas("a", "3", 5, "refused")],
    ],
    ["a cas of 0 on what is not there", [cas("a", "1", 0), cas("a", "2", 0, "refused")]],
    [
      "one of two cas at the same time",
      [put("a", "1"), get("a", row("a", "1", 5)), [cas("a", "2", 5), cas("a", "3", 5, "refused")]],
    ],
    [
      "a write without an answer, seen much later",
      [unanswered(put("a", "1")), get("a"), put("b", "2"), get("a", row("a", "1", 9))],
    ],
    [
      "a lock, passed on",
      [create("s1"), create("s2"), lock("a", "s1"), lock("a", "s2", "refused"), unlock("a", "s1"), lock("a", "s2")],
    ],
    [
      "a lock that goes with its session",
      [create("s1"), create("s2"), lock("a", "s1"), destroy("s1"), lock("a", "s2"), lock("b", "s1", "invalid-session")],
    ],
    [
      "a write to what is locked",
      [
        create("s1"),
        lock("a", "s1"),
        get("a", row("a", "of s1", 5, locked)),
        put("a", "2"),
        get("a", row("a", "2", 6, { session: "s1" })),
      ],
    ],
    [
      "a transaction, whole",
      [
        txn([set("a", "1"), set("b", "1")], row("a", undefined, 5), row("b", undefined, 5)),
        list(row("a", "1", 5), row("b", "1", 5)),
      ],
    ],
    [
      "a transaction, not at all",
      [put("b", "1"), failedTxn([set("a", "2"), stepOf("check-not-exists", "b")], 1), list(row("b", "1", 5))],
    ],
  ])("%s", (_, said) => {
    expect(explainViolation(kvModel, historyOf(said))).toBeUndefined();
  });
});

describe("the model of keys has no order that explains:", () => {
  test.each<[string, (Said | readonly Said[])[]]>([
    ["a stale read", [put("a", "1"), put("a", "2"), get("a", row("a", "1", 5))]],
    ["a lost update", [put("a", "1"), [put("a", "2"), put("a", "3")], get("a", row("a", "1", 5))]],
    [
      "two cas with one index that both succeed",
      [put("a", "1"), get("a", row("a", "1", 5)), [cas("a", "2", 5), cas("a", "3", 5)]],
    ],
    [
      "a cas that is refused though nobody came between",
      [put("a", "1"), get("a", row("a", "1", 5)), cas("a", "2", 5, "refused")],
    ],
    ["a lock that two hold", [create("s1"), create("s2"), [lock("a", "s1"), lock("a", "s2")]]],
    [
      "a lock that outlives its session",
      [create("s1"), create("s2"), lock("a", "s1"), destroy("s1"), lock("a", "s2", "refused")],
    ],
    ["a lock of a session that has ended", [create("s1"), destroy("s1"), lock("a", "s1")]],
    ["a release by who does not hold it", [create("s1"), create("s2"), lock("a", "s1"), unlock("a", "s2")]],
    [
      "half a transaction",
      [[txn([set("a", "1"), set("b", "1")], row("a", undefined, 5), row("b", undefined, 5)), list(row("a", "1", 5))]],
    ],
    [
      "a transaction with two indexes",
      [txn([set("a", "1"), set("b", "1")], row("a", undefined, 5), row("b", undefined, 6))],
    ],
    [
      "something left of a transaction that failed",
      [failedTxn([set("a", "2"), stepOf("get", "b")], 1), get("a", row("a", "2", 5))],
    ],
    ["a transaction that fails for nothing", [put("b", "1"), failedTxn([set("a", "2"), stepOf("get", "b")], 1)]],
    ["one index for two writes", [put("a", "1"), put("b", "1"), list(row("a", "1", 5), row("b", "1", 5))]],
    [
      "indexes against the order of the writes",
      [put("a", "1"), put("b", "1"), list(row("a", "1", 6), row("b", "1", 5))],
    ],
    ["an index that changes by itself", [put("a", "1"), get("a", row("a", "1", 5)), get("a", row("a", "1", 6))]],
    ["a deleted key that comes back", [put("a", "1"), remove("a"), get("a", row("a", "1", 5))]],
    [
      "a write without an answer that happens twice",
      [unanswered(put("a", "1")), put("a", "2"), get("a", row("a", "1", 5)), put("a", "3"), get("a", row("a", "1", 7))],
    ],
  ])("%s", (_, said) => {
    expect(explainViolation(kvModel, historyOf(said))?.text).toStartWith("no order");
  });
});

test("a violation names keys, values and indexes", () => {
  const said = [put("a", "1"), get("a", row("a", "1", 5)), [cas("a", "2", 5), cas("a", "3", 5)]];
  expect(explainViolation(kvModel, historyOf(said))?.text).toBe(
    [
      'no order of these 4 operations explains [2 to 2.6] client 1: cas a "3" index 5 -> done',
      "the longest order that comes near it ends so:",
      '  [0 to 0.5] client 0: set a "1" -> done  =>  a = "1" at an index from 1',
      '  [1 to 1.5] client 0: get a -> shown [a = "1" at index 5]  =>  a = "1" at index 5',
      '  [2 to 2.5] client 0: cas a "2" index 5 -> done  =>  a = "2" at an index from 6',
      "and none of these leads on from there:",
      '  [2 to 2.6] client 1: cas a "3" index 5 -> done',
    ].join("\n"),
  );
});
