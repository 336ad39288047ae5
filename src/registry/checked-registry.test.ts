import { expect, test } from "bun:test";
import fc from "fast-check";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { randomSteps, takeSteps } from "../../test/support/random-commands.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { keySet } from "../../test/support/state.ts";
import { openTestStore } from "../../test/support/store.ts";
import { createLog } from "../lib/log.ts";
import { Metrics } from "../lib/metrics.ts";
import type { KvOperation } from "../model/txn.ts";
import { textOf, type ValueRules } from "../model/value-rules.ts";
import type { Command } from "../state/command.ts";
import { listKv } from "../state/kv.ts";
import { CheckedRegistry } from "./checked-registry.ts";
import { ValueChecks } from "./value-checks.ts";

/** Only the keys below "a" have a rule: "y" is no value for them. */
const rules: ValueRules = {
  faultOf: (key, value) =>
    key.startsWith("a") && textOf(value) === "y" ? { rule: "must not be y", at: "" } : undefined,
};

function openChecked(refuses: boolean) {
  const world = openTestStore();
  const lines: string[] = [];
  const invalid = new Metrics(0).counter("invalid");
  const log = createLog({ level: "info", json: false, clock: new FakeClock(), sink: (line) => lines.push(line) }, "kv");
  const checks = new ValueChecks({ log, invalid });
  checks.use(rules, refuses);
  const [client, agent] = (["client", "agent"] as const).map(
    (writer) => new CheckedRegistry(world.store, checks, writer),
  );
  const counted = (): number => invalid.total()?.count ?? 0;
  return { ...world, checks, client: client as CheckedRegistry, agent: agent as CheckedRegistry, lines, counted };
}

function operation(verb: string, key: string, value: string): KvOperation {
  const bytes = new TextEncoder().encode(value);
  return { kind: "kv", verb, key, value: bytes, flags: 0n, index: 0, session: "" };
}

const bytes = new TextEncoder().encode("y");
const writes: readonly Command[] = [
  keySet("a", "y"),
  keySet("a", "y", { cas: 0 }),
  { type: "kv-lock", key: "a", value: bytes, flags: 0n, session: "s" },
  { type: "kv-unlock", key: "a", value: bytes, flags: 0n, session: "s" },
  {
    type: "kv-set-branch",
    entries: [
      { key: "b", value: bytes },
      { key: "a", value: bytes },
    ],
  },
  {
    type: "kv-trial-start",
    trial: { id: "t", services: [], stageMs: 1_000, needsConfirm: false },
    stages: [[{ key: "b", content: undefined }], [{ key: "a", content: { value: bytes, flags: 0n } }]],
    atMs: 0,
  },
  ...["set", "cas", "lock", "unlock"].map((verb) => ({
    ...{ type: "txn" as const, operations: [operation("set", "b", "x"), operation(verb, "a", "y")] },
  })),
];

test("each command that writes an invalid value is refused, whole and before it changes anything", async () => {
  const { client, store } = openChecked(true);
  const { state } = store;
  for (const command of writes) {
    for (const submitted of [
      client.submit(command),
      client.submitTogether([keySet("b", "x"), command]),
      client.submitAsLeader(command),
    ])
      expect(await rejectionOf(submitted)).toMatchObject({
        ...{ kind: "invalid", code: "invalid-value" },
        message: 'the value "y" of the key "a" is not valid: must not be y\nNothing was written',
      });
    expect(store.state).toBe(state);
  }
});

test("all faults of a transaction are named, up to a limit", async () => {
  const { client } = openChecked(true);
  const operations = Array.from({ length: 12 }, (_, each) => operation("set", `a${each}`, "y"));
  const { message } = await rejectionOf(client.submit({ type: "txn", operations }));
  expect(message.split("\n")).toHaveLength(12);
  expect(message).toContain('key "a9"');
  expect(message).toContain("2 more values are not valid");
});

test("deletes, reads and values without a rule are not refused", async () => {
  const { client, store } = openChecked(true);
  await store.submit(keySet("a", "y"));
  await client.submit(keySet("b", "y"));
  const operations = [operation("get", "a", "y"), operation("check-index", "b", "y"), operation("delete", "a", "y")];
  await client.submit({ type: "txn", operations: operations.filter(({ verb }) => verb !== "check-index") });
  await client.submit({ type: "kv-delete-tree", prefix: "" });
  expect(listKv(store.state, "")).toEqual([]);
});

test.each(["observed", "the agent's own"])(
  "%s values are written, counted, and logged once for each key",
  async (whose) => {
    const { client, agent, counted, lines, store } = openChecked(whose !== "observed");
    const writer = whose === "observed" ? client : agent;
    for (const key of ["a1", "a1", "a2", "b"]) await writer.submit(keySet(key, "y"));
    expect(listKv(store.state, "").map(({ key }) => key)).toEqual(["a1", "a2", "b"]);
    expect(counted()).toBe(3);
    expect(lines.map((line) => line.replace(/^\S+ /, ""))).toEqual([
      '[WARN]  kv: The value of a key is not valid, and was written all the same: key=a1 rule="must not be y"',
      '[WARN]  kv: The value of a key is not valid, and was written all the same: key=a2 rule="must not be y"',
    ]);
  },
);

test("a refused value is counted and logged too, and other rules hold at once", async () => {
  const { checks, client, counted, lines } = openChecked(true);
  await rejectionOf(client.submit(keySet("a", "y")));
  expect([counted(), lines.length, lines[0]?.includes("was refused")]).toEqual([1, 1, true]);
  checks.use(undefined, true);
  await client.submit(keySet("a", "y"));
  expect([counted(), lines.length]).toEqual([1, 1]);
});

test("no sequence of commands stores an invalid value", async () => {
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(randomSteps, async (steps) => {
      const commands: Command[] = [];
      takeSteps(steps, ({ command }) => commands.push(command));
      const { client, counted, store } = openChecked(true);
      // A snapshot is restored as it is.
      for (const command of commands.filter(({ type }) => type !== "restore"))
        await client.submit(command).catch(() => {});
      for (const { key, value } of listKv(store.state, "")) expect(rules.faultOf(key, value)).toBeUndefined();
      refused += counted();
    }),
    { numRuns: 50 },
  );
  expect(refused).toBeGreaterThan(0);
});
