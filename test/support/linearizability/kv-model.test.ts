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

/** Returns a history of operations that follow one another, except that the operations of an inner list overlap. */
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

describe("the model of keys explains", () => {
  test.each<[string, (Said | readonly Said[])[]]>([
    [
      "reads of a key that is written and deleted",
      [get("a"), put("a", "1"), get("a", row("a", "1", 5)), remove("a"), get("a")],
    ],
    [
      "a check-and-set that succeeds with the index of the last read",
      [put("a", "1"), get("a", row("a", "1", 5)), cas("a", "2", 5)],
    ],
    [
      "a check-and-set that is refused after another write",
      [put("a", "1"), get("a", row("a", "1", 5)), put("a", "2"), cas("a", "3", 5, "refused")],
    ],
    [
      "a check-and-set with index 0 that creates a missing key and is refused for a present one",
      [cas("a", "1", 0), cas("a", "2", 0, "refused")],
    ],
    [
      "two concurrent check-and-sets of which one succeeds",
      [put("a", "1"), get("a", row("a", "1", 5)), [cas("a", "2", 5), cas("a", "3", 5, "refused")]],
    ],
    [
      "an unanswered write that a much later read returns",
      [unanswered(put("a", "1")), get("a"), put("b", "2"), get("a", row("a", "1", 9))],
    ],
    [
      "a lock that one session releases and another acquires",
      [create("s1"), create("s2"), lock("a", "s1"), lock("a", "s2", "refused"), unlock("a", "s1"), lock("a", "s2")],
    ],
    [
      "a lock that is released when its session is destroyed",
      [create("s1"), create("s2"), lock("a", "s1"), destroy("s1"), lock("a", "s2"), lock("b", "s1", "invalid-session")],
    ],
    [
      "a write to a locked key that leaves the lock",
      [
        create("s1"),
        lock("a", "s1"),
        get("a", row("a", "of s1", 5, locked)),
        put("a", "2"),
        get("a", row("a", "2", 6, { session: "s1" })),
      ],
    ],
    [
      "a committed transaction, all of whose writes appear",
      [
        txn([set("a", "1"), set("b", "1")], row("a", undefined, 5), row("b", undefined, 5)),
        list(row("a", "1", 5), row("b", "1", 5)),
      ],
    ],
    [
      "a rolled-back transaction, none of whose writes appears",
      [put("b", "1"), failedTxn([set("a", "2"), stepOf("check-not-exists", "b")], 1), list(row("b", "1", 5))],
    ],
  ])("%s", (_, said) => {
    expect(explainViolation(kvModel, historyOf(said))).toBeUndefined();
  });
});

describe("the model of keys has no order that explains", () => {
  test.each<[string, (Said | readonly Said[])[]]>([
    ["a stale read", [put("a", "1"), put("a", "2"), get("a", row("a", "1", 5))]],
    [
      "a read that returns the value before two finished writes",
      [put("a", "1"), [put("a", "2"), put("a", "3")], get("a", row("a", "1", 5))],
    ],
    [
      "two check-and-sets with the same index that both succeed",
      [put("a", "1"), get("a", row("a", "1", 5)), [cas("a", "2", 5), cas("a", "3", 5)]],
    ],
    [
      "a check-and-set that is refused although no other write came first",
      [put("a", "1"), get("a", row("a", "1", 5)), cas("a", "2", 5, "refused")],
    ],
    ["a lock that two sessions hold at once", [create("s1"), create("s2"), [lock("a", "s1"), lock("a", "s2")]]],
    [
      "a lock that outlives its session",
      [create("s1"), create("s2"), lock("a", "s1"), destroy("s1"), lock("a", "s2", "refused")],
    ],
    ["a lock that a destroyed session acquires", [create("s1"), destroy("s1"), lock("a", "s1")]],
    [
      "a release of a lock by a session that does not hold it",
      [create("s1"), create("s2"), lock("a", "s1"), unlock("a", "s2")],
    ],
    [
      "a read of half of the writes of a transaction",
      [[txn([set("a", "1"), set("b", "1")], row("a", undefined, 5), row("b", undefined, 5)), list(row("a", "1", 5))]],
    ],
    [
      "a transaction with two indexes",
      [txn([set("a", "1"), set("b", "1")], row("a", undefined, 5), row("b", undefined, 6))],
    ],
    [
      "a read of a write of a rolled-back transaction",
      [failedTxn([set("a", "2"), stepOf("get", "b")], 1), get("a", row("a", "2", 5))],
    ],
    [
      "a rolled-back transaction whose steps could all succeed",
      [put("b", "1"), failedTxn([set("a", "2"), stepOf("get", "b")], 1)],
    ],
    ["two writes with the same index", [put("a", "1"), put("b", "1"), list(row("a", "1", 5), row("b", "1", 5))]],
    [
      "indexes that contradict the order of the writes",
      [put("a", "1"), put("b", "1"), list(row("a", "1", 6), row("b", "1", 5))],
    ],
    ["an index that changes without a write", [put("a", "1"), get("a", row("a", "1", 5)), get("a", row("a", "1", 6))]],
    ["a deleted key that comes back", [put("a", "1"), remove("a"), get("a", row("a", "1", 5))]],
    [
      "an unanswered write that takes effect twice",
      [unanswered(put("a", "1")), put("a", "2"), get("a", row("a", "1", 5)), put("a", "3"), get("a", row("a", "1", 7))],
    ],
  ])("%s", (_, said) => {
    expect(explainViolation(kvModel, historyOf(said))?.text).toStartWith("no order");
  });
});

test("the report of a violation names keys, values and indexes", () => {
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
