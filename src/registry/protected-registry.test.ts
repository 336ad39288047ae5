import { expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { keySet } from "../../test/support/state.ts";
import { openTestStore } from "../../test/support/store.ts";
import { createLog } from "../lib/log.ts";
import { Metrics } from "../lib/metrics.ts";
import type { ValueOrigin } from "../model/value-origin.ts";
import type { Command } from "../state/command.ts";
import { getKv } from "../state/kv.ts";
import { unlimitedCallers } from "./caller.ts";
import { ProtectedRegistry } from "./protected-registry.ts";
import { recordingCaller, type RecordedChange } from "./recorded-changes.ts";
import { ValueProtection } from "./value-protection.ts";

function openProtected(...prefixes: readonly string[]) {
  const world = openTestStore();
  const lines: string[] = [];
  const spared = new Metrics(0).counter("spared");
  const log = createLog({ level: "info", json: false, clock: new FakeClock(), sink: (line) => lines.push(line) }, "kv");
  const protection = new ValueProtection({ log, spared });
  protection.use(prefixes);
  const registry = new ProtectedRegistry(world.store, protection);
  const valueOf = (key: string): string => Buffer.from(getKv(world.store.state, key)?.value ?? []).toString();
  return { ...world, protection, registry, lines, valueOf, counted: (): number => spared.total()?.count ?? 0 };
}

function set(key: string, value: string, origin: ValueOrigin): Command {
  return { ...keySet(key, value), origin } as Command;
}

test.each<[ValueOrigin, boolean]>([
  ["operator", true],
  ["import", true],
  ["rollback", true],
  ["port-assignment", false],
  ["", false],
  ["service", false],
])("a value of the origin %p is protected from services: %p", async (origin, isProtected) => {
  for (const by of ["default", "file", "environment", "service"] as const) {
    const { registry, valueOf } = openProtected("p/");
    await registry.submit(set("p/a", "1", origin));
    await registry.submit(set("p/a", "2", by));
    expect(valueOf("p/a")).toBe(isProtected ? "1" : "2");
  }
});

test.each<ValueOrigin>(["operator", "import", "rollback", "port-assignment", ""])(
  "a write of the origin %p replaces a protected value",
  async (origin) => {
    const { registry, valueOf } = openProtected("p/");
    await registry.submit(set("p/a", "1", "operator"));
    await registry.submit(set("p/a", "2", origin));
    expect(valueOf("p/a")).toBe("2");
  },
);

test("each value left in place is counted, logged once for its key, and logged again after a reload", async () => {
  const { registry, protection, lines, counted } = openProtected("p/");
  await registry.submitTogether([set("p/a", "1", "operator"), set("p/b", "1", "operator")]);
  await registry.submitTogether([set("p/a", "2", "file"), set("p/b", "2", "file"), set("p/a", "3", "file")]);
  expect([counted(), lines.length]).toEqual([3, 2]);
  expect(lines.join("\n")).not.toMatch(/value=|"[123]"/);
  protection.use(["p/"]);
  await registry.submit(set("p/a", "2", "file"));
  expect([counted(), lines.length]).toEqual([4, 3]);
  protection.use([]);
  await registry.submit(set("p/a", "2", "file"));
  expect(counted()).toBe(4);
});

test("the record of a request's changes leaves out what was left in place", async () => {
  const { registry } = openProtected("p/");
  await registry.submit(set("p/a", "1", "operator"));
  const changes: RecordedChange[] = [];
  const caller = recordingCaller(unlimitedCallers(registry).callerOf(undefined), changes);
  const operation = (key: string) =>
    ({ kind: "kv", verb: "set", key, value: Buffer.from("2"), flags: 0n, index: 0, session: "" }) as const;
  await caller.registry.submit({ type: "txn", operations: [operation("p/a"), operation("p/b")], origin: "service" });
  await caller.registry.submit(set("p/a", "2", "service"));
  expect(changes.map(({ key }) => key)).toEqual(["p/b"]);
});
