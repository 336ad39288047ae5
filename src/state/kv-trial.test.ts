import { expect, test } from "bun:test";
import fc from "fast-check";
import { defaultHistoryPolicy } from "../../test/support/history.ts";
import {
  checkNamed,
  keyLock,
  keySet,
  nodeNamed,
  serviceNamed,
  sessionNamed,
  StateDriver,
} from "../../test/support/state.ts";
import type { CheckStatus } from "../model/check.ts";
import { unknownCause } from "../model/kv-history.ts";
import { kvTrialLimits, type KvTrialRow } from "../model/kv-trial.ts";
import type { Command, Outcome } from "./command.ts";
import { getKv, listKv } from "./kv.ts";
import { changesOf } from "./kv-history.ts";
import { getKvTrial, listKvTrials } from "./kv-trial.ts";
import { openState } from "./open-state.ts";
import { rejectionText } from "./rejection-text.ts";
import type { State } from "./state.ts";
import { changesBetween } from "./stored-tables.ts";

const id = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11";
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Registers an instance of a service on the node "gw", with one check. */
function instance(service: string, status: CheckStatus, name = "c"): Command {
  const check = checkNamed(`${name}-${service}`, { node: "gw", serviceId: service, status });
  return {
    type: "register",
    node: nodeNamed("gw"),
    skipNodeUpdate: false,
    service: serviceNamed(service),
    checks: [check],
  };
}

/** A driver with the passing services "a" and "b". */
function drive(...commands: readonly Command[]): StateDriver {
  const driver = new StateDriver(defaultHistoryPolicy);
  for (const command of [instance("a", "passing"), instance("b", "passing"), ...commands]) driver.run(command);
  return driver;
}

type Changes = Readonly<Record<string, string | null>>;

/** A command that starts a trial of the services "a" and "b": null deletes a key, each object is a stage. */
function start(stages: readonly Changes[], more: { id?: string; needsConfirm?: boolean; cas?: number } = {}): Command {
  const { cas, ...trial } = more;
  return {
    type: "kv-trial-start",
    trial: { id, services: ["a", "b"], stageMs: 60_000, needsConfirm: false, ...trial },
    stages: stages.map((changes) =>
      Object.entries(changes).map(([key, value]) => ({
        ...{ key, content: value === null ? undefined : { value: bytes(value), flags: 0n } },
        ...(cas !== undefined && { cas }),
      })),
    ),
    atMs: 1_000,
  };
}

const proceed = (stage: number): Command => ({ type: "kv-trial-proceed", id, stage, atMs: 61_000 });
const undo: Command = { type: "kv-trial-undo", id, why: "it was taken back", atMs: 2_000 };
const keep = { type: "kv-trial-keep" as const, id, atMs: 2_000 };

function values(state: State, prefix = ""): Readonly<Record<string, string>> {
  return Object.fromEntries(listKv(state, prefix).map(({ key, value }) => [key, new TextDecoder().decode(value)]));
}

function trialIn({ state }: StateDriver): KvTrialRow {
  const row = getKvTrial(state, id);
  if (!row) throw new Error("no trial");
  return row;
}

function refusalOf(outcome: Outcome): string {
  return outcome.type === "rejected" ? rejectionText(outcome.reason) : outcome.type;
}

test("a trial changes its keys at once, and its undoing gives them what they had", () => {
  const driver = drive(keySet("x", "1", { flags: 7n }), keySet("gone", "1"));
  driver.run(start([{ x: "2", gone: null, new: "3" }]));
  expect(values(driver.state)).toEqual({ new: "3", x: "2" });
  expect(trialIn(driver)).toMatchObject({ outcome: "pending", stage: 1, stages: 1, why: "", ended: null });
  driver.run(undo);
  expect(values(driver.state)).toEqual({ gone: "1", x: "1" });
  expect(getKv(driver.state, "x")?.flags).toBe(7n);
  const { outcome, why, keys, ended } = trialIn(driver);
  expect([outcome, why, ended?.atMs]).toEqual(["undone", "it was taken back", 2_000]);
  expect(keys.map(({ key, state, content }) => [key, state, content])).toEqual([
    ["x", "restored", undefined],
    ["gone", "restored", undefined],
    ["new", "restored", undefined],
  ]);
});

test("a key that another writer has changed meanwhile stays, and the record names it", () => {
  const driver = drive(keySet("x", "1"), keySet("y", "1"));
  driver.run(start([{ x: "2", y: "2", z: "2" }]));
  driver.run(keySet("y", "3"));
  driver.run({ type: "kv-delete", key: "z" });
  driver.run(keySet("z", "4"));
  driver.run(undo);
  expect(values(driver.state)).toEqual({ x: "1", y: "3", z: "4" });
  expect(trialIn(driver).keys.map(({ key, state }) => [key, state])).toEqual([
    ["x", "restored"],
    ["y", "left"],
    ["z", "left"],
  ]);
});

test("the past of the keys tells of the trial and of its undoing", () => {
  const cause = { ...unknownCause, tokenName: "ops", reason: "new driver", means: "trial" };
  const driver = drive(keySet("x", "1"));
  driver.run({ ...start([{ x: "2" }]), cause } as Command);
  driver.run(undo);
  expect(changesOf(driver.state, "x").map((change) => change.cause)).toEqual([
    cause,
    { ...unknownCause, reason: "it was taken back", means: "trial undone" },
  ]);
});

test.each<readonly [string, readonly Command[], Command, string]>([
  [
    "a service is critical",
    [instance("b", "critical")],
    start([{ x: "2" }]),
    'service "b" is critical: its check "c-b" on the node "gw"',
  ],
  ["a service is warning", [instance("b", "warning")], start([{ x: "2" }]), 'service "b" is warning'],
  [
    "a service has no instance",
    [{ type: "deregister", node: "gw", serviceId: "a" }],
    start([{ x: "2" }]),
    'the service "a" has no instance; nothing was changed.',
  ],
  [
    "the node of a service is critical",
    [{ type: "register", node: nodeNamed("gw"), skipNodeUpdate: false, checks: [checkNamed("mem", { node: "gw" })] }],
    start([{ x: "2" }]),
    'service "a" is critical: its check "mem"',
  ],
  ["a key has another index", [], start([{ x: "2" }], { cas: 1 }), 'the key "x" has another index than cas says'],
  ["a key that must not exist does", [], start([{ x: "2" }], { cas: 0 }), 'the key "x" has another index'],
  [
    "a key is a lock",
    [{ type: "session-create", session: sessionNamed(id, { node: "gw" }) }, keyLock("l", id)],
    start([{ l: "2" }]),
    'the key "l" is a lock',
  ],
  [
    "a key is in another pending trial",
    [start([{ y: "1" }, { x: "1" }], { id: id.replace("6f", "7f") })],
    start([{ x: "2" }]),
    'the key "x" is in another trial',
  ],
  [
    "its values are too large",
    [{ type: "kv-set", key: "big", value: new Uint8Array(kvTrialLimits.bytesMax + 1), flags: 0n }],
    start([{ big: "2" }]),
    `more than ${kvTrialLimits.bytesMax} bytes`,
  ],
])("a start changes nothing if %s", (_, before, command, text) => {
  const driver = drive(keySet("x", "1"), ...before);
  const { state } = driver;
  const { outcome } = driver.run(command);
  expect(refusalOf(outcome)).toContain(text);
  expect(driver.state).toBe(state);
});

test("a check of any instance decides, and a check whose index is right does not refuse", () => {
  const driver = drive(keySet("x", "1"));
  const index = getKv(driver.state, "x")?.modifyIndex ?? 0;
  driver.run(start([{ x: "2" }], { cas: index }));
  expect(values(driver.state)).toEqual({ x: "2" });
});

test("at the end of the time it is kept if all services pass, and undone if one does not", () => {
  const kept = drive(start([{ x: "2" }]));
  kept.run(proceed(1));
  expect([trialIn(kept).outcome, values(kept.state)]).toEqual(["kept", { x: "2" }]);
  const undone = drive(start([{ x: "2" }]), instance("b", "warning"));
  undone.run(proceed(1));
  expect([trialIn(undone).outcome, values(undone.state)]).toEqual(["undone", {}]);
  expect(trialIn(undone).why).toContain('the time was over, and the service "b" is warning: its check "c-b"');
});

test("one that needs a confirmation is undone without it, and kept with it, also before the time is over", () => {
  const undone = drive(start([{ x: "2" }], { needsConfirm: true }));
  undone.run(proceed(1));
  expect([trialIn(undone).why, values(undone.state)]).toEqual([
    "the time was over, and no caller had confirmed it",
    {},
  ]);
  const kept = drive(start([{ x: "2" }], { needsConfirm: true }), keep);
  expect([trialIn(kept).outcome, values(kept.state)]).toEqual(["kept", { x: "2" }]);
  expect(refusalOf(kept.run(undo).outcome)).toBe("the trial has ended, and was kept: it was confirmed");
  expect(refusalOf(kept.run(proceed(1)).outcome)).toBe("unchanged");
  expect(refusalOf(drive().run(keep).outcome)).toContain(`there is no trial "${id}"`);
});

test("stages follow one another, and a failure undoes all of them", () => {
  const stages = [{ x: "2" }, { y: "2" }, { z: "2" }];
  const driver = drive(keySet("y", "1"), start(stages));
  expect(values(driver.state)).toEqual({ x: "2", y: "1" });
  expect(refusalOf(driver.run(keep).outcome)).toContain("stage 1 of 3 is on trial");
  expect(driver.run(proceed(2)).outcome).toEqual({ type: "unchanged" });
  driver.run(proceed(1));
  expect(values(driver.state)).toEqual({ x: "2", y: "2" });
  expect(trialIn(driver)).toMatchObject({ outcome: "pending", stage: 2, stagedMs: 61_000, startedMs: 1_000 });
  driver.run(instance("a", "critical"));
  driver.run(proceed(2));
  expect(values(driver.state)).toEqual({ y: "1" });
  expect(trialIn(driver).keys.map(({ state }) => state)).toEqual(["restored", "restored", "waiting"]);
  const kept = drive(start(stages), proceed(1), proceed(2), proceed(3));
  expect([trialIn(kept).outcome, values(kept.state)]).toEqual(["kept", { x: "2", y: "2", z: "2" }]);
});

test("a stage whose key another writer has changed is not applied, and all is undone", () => {
  const driver = drive(keySet("y", "1"), start([{ x: "2" }, { y: "2" }]), keySet("y", "7"), proceed(1));
  expect(values(driver.state)).toEqual({ y: "7" });
  expect(trialIn(driver).why).toBe('another writer changed the key "y" before its stage');
});

test("the records of the newest ended trials are kept, without values, and each pending one", () => {
  const driver = drive(keySet("p", "1"), start([{ p: "2" }]));
  const ids = Array.from(
    { length: kvTrialLimits.recordsMax + 5 },
    (_, at) => `7f3f8f6c-6f0e-4a66-9e1c-${String(at).padStart(12, "0")}`,
  );
  for (const other of ids) {
    driver.run(start([{ x: other }], { id: other }));
    driver.run({ ...keep, id: other });
  }
  const left = listKvTrials(driver.state).map((row) => row.id);
  expect(left).toEqual([...ids.slice(5).toReversed(), id]);
  expect([...driver.rows.keys()].filter((key) => key.startsWith("kv-trials/"))).toHaveLength(21);
  driver.run(undo);
  expect(values(driver.state)["p"]).toBe("1");
});

test("no more trials than the maximum are pending", () => {
  const driver = drive();
  for (let at = 0; at < kvTrialLimits.pendingMax; at++)
    driver.run(start([{ [`k${at}`]: "1" }], { id: `7f3f8f6c-6f0e-4a66-9e1c-${String(at).padStart(12, "0")}` }));
  expect(refusalOf(driver.run(start([{ x: "2" }])).outcome)).toContain("16 trials are pending already");
});

const keys = ["a", "b", "c/d", "e", "f"];
const change = fc.record({ key: fc.constantFrom(...keys), value: fc.constantFrom("1", "2", null) });
const flags = fc.constantFrom(0n, 9n);

/** Writes of others, and the steps of the trial. */
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ ...{ key: fc.constantFrom(...keys), flags }, value: fc.constantFrom("1", "3", null) }),
  },
  { weight: 1, arbitrary: fc.constant("proceed" as const) },
);

const changes = fc.uniqueArray(change, { minLength: 1, maxLength: 5, selector: ({ key }) => key });
const earlier = fc.array(change, { maxLength: 5 });

test("whatever others write meanwhile, each key is in the end as its last other writer left it, or as it was", () => {
  fc.assert(
    fc.property(earlier, changes, fc.array(step, { maxLength: 8 }), (before, own, steps) => {
      const driver = drive(...before.map(({ key, value }) => write(key, value)));
      const half = Math.ceil(own.length / 2);
      const stages = [own.slice(0, half), own.slice(half)].filter((stage) => stage.length > 0);
      const wanted = contents(driver.state);
      driver.run(start(stages.map((stage) => Object.fromEntries(stage.map(({ key, value }) => [key, value])))));
      for (const each of steps) {
        if (each === "proceed") proceedUnlessLast(driver);
        else writeAsOther(driver, each, wanted);
      }
      driver.run(undo);
      const { outcome, keys: tried } = trialIn(driver);
      expect(outcome).toBe("undone");
      const found = contents(driver.state);
      // A key that others deleted has no index that tells it from one that the trial deleted, so it may come back.
      for (const { key, state, operation } of tried)
        if (operation === "delete" && state === "restored" && !wanted.has(key)) found.delete(key);
      expect(Object.fromEntries(found)).toEqual(Object.fromEntries(wanted));
    }),
    { numRuns: 500 },
  );
});

function proceedUnlessLast(driver: StateDriver): void {
  const { stage, stages, outcome } = trialIn(driver);
  if (outcome === "pending" && stage < stages) driver.run(proceed(stage));
}

/** Writes a key, and notes in `wanted` what it holds if that made the writer its last one. */
function writeAsOther(
  driver: StateDriver,
  { key, value, flags: number }: { readonly key: string; readonly value: string | null; readonly flags: bigint },
  wanted: Map<string, string>,
): void {
  const before = getKv(driver.state, key)?.modifyIndex;
  driver.run(write(key, value, number));
  // A write that changes nothing makes no new writer of the key.
  if (before === getKv(driver.state, key)?.modifyIndex) return;
  const content = contents(driver.state).get(key);
  if (content === undefined) wanted.delete(key);
  else wanted.set(key, content);
}

function contents(state: State): Map<string, string> {
  return new Map(
    listKv(state, "").map(({ key, value, flags: number, origin }) => [
      key,
      `${new TextDecoder().decode(value)} ${number} ${origin}`,
    ]),
  );
}

function write(key: string, value: string | null, given = 0n): Command {
  return value === null
    ? { type: "kv-delete", key }
    : keySet(key, value, { flags: given, origin: given === 0n ? "service" : "operator" });
}

test("a pending trial survives a restart, byte for byte", () => {
  const driver = drive(keySet("x", "1", { flags: 7n }), start([{ x: "2" }, { y: "2" }]));
  const reopened = openState(driver.rows.values(), driver.state.index).state;
  expect(changesBetween(driver.state, reopened)).toEqual([]);
  expect(getKvTrial(reopened, id)).toEqual(trialIn(driver));
});
