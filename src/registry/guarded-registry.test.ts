import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { aclToken } from "../../test/support/acl.ts";
import { randomSteps, takeSteps } from "../../test/support/random-commands.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { keySet, nodeNamed, queryWithId, serviceNamed, sessionNamed } from "../../test/support/state.ts";
import { openTestStore, type TestStore } from "../../test/support/store.ts";
import { rightsOf } from "../acl/rights.ts";
import { parseRules } from "../acl/rules.ts";
import type { Command } from "../state/command.ts";
import { AccessControl } from "./access-control.ts";
import { createLog } from "../lib/log.ts";
import { Metrics } from "../lib/metrics.ts";
import { StoredTokens } from "./token-source.ts";
import { TokenTries } from "./token-tries.ts";
import { GuardedRegistry } from "./guarded-registry.ts";
import { kvEntry, kvTree } from "./kv.ts";

const id = "5f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0003";

/** Returns the registry of a test store as a caller with these rules may use it. */
function guarded({ store }: TestStore, rules: string): GuardedRegistry {
  const rights = rightsOf([parseRules(rules)], "deny");
  return new GuardedRegistry(store, () => rights);
}

const registration = {
  ...{ type: "register" as const, skipNodeUpdate: false, checks: [] },
  ...{ node: nodeNamed("n1"), service: serviceNamed("web") },
};

/** A trial of two keys and the service "web". */
function trial(name: string): Command {
  const stages = ["t/1", "t/2"].map((key) => [{ key, content: undefined }]);
  const plan = { id: name, services: ["web"], stageMs: 1_000, needsConfirm: false };
  return { type: "kv-trial-start", trial: plan, stages: [stages.flat()], atMs: 0 };
}

/** Commands of clients, each with the rules that just suffice to run it after those before it. */
const allowed: readonly (readonly [command: Command, rules: string])[] = [
  [registration, 'node "n1" { policy = "write" } service "web" { policy = "write" }'],
  [{ ...registration, service: serviceNamed("web", { port: 81 }) }, 'service "web" { policy = "write" }'],
  [keySet("a", "1"), 'key "a" { policy = "write" }'],
  [trial("t1"), 'key_prefix "t/" { policy = "write" } service "web" { policy = "read" }'],
  [{ type: "kv-trial-keep", id: "t1", atMs: 0 }, 'key_prefix "t/" { policy = "write" }'],
  [trial("t2"), 'key_prefix "t/" { policy = "write" } service "web" { policy = "read" }'],
  [{ type: "kv-trial-undo", id: "t2", why: "", atMs: 0 }, 'key_prefix "t/" { policy = "write" }'],
  [{ type: "session-create", session: sessionNamed(id, { node: "n1" }) }, 'session "n1" { policy = "write" }'],
  [
    { type: "prepared-query-put", query: queryWithId(id, { name: "q" }), update: false },
    'query "q" { policy = "write" }',
  ],
  [{ type: "prepared-query-delete", id }, 'query "q" { policy = "write" }'],
  [{ type: "session-destroy", id }, 'session "n1" { policy = "write" }'],
  [{ type: "kv-delete-tree", prefix: "a" }, 'key_prefix "a" { policy = "write" }'],
  [{ type: "deregister", node: "n1", serviceId: "web", checkId: undefined }, 'service "web" { policy = "write" }'],
  [{ type: "deregister", node: "n1", serviceId: undefined, checkId: undefined }, 'node "n1" { policy = "write" }'],
];

/** Rules that allow to read all, and to write nothing. */
const readsAll = `acl = "read" operator = "read" keyring = "read" node_prefix "" { policy = "read" } key_prefix "" { policy = "list" }
  service_prefix "" { policy = "read" } session_prefix "" { policy = "read" } query_prefix "" { policy = "read" }`;

describe("a guarded registry", () => {
  test("runs each command with the right that it needs, and without it refuses it and changes nothing", async () => {
    const world = openTestStore();
    for (const [command, rules] of allowed) {
      const { state } = world.store;
      for (const lacking of ["", readsAll, 'key "other" { policy = "write" }']) {
        const registry = guarded(world, lacking);
        expect((await rejectionOf(registry.submit(command))).message).toBe("Permission denied");
        expect((await rejectionOf(registry.submitTogether([command]))).message).toBe("Permission denied");
        expect(world.store.state).toBe(state);
      }
      await guarded(world, rules).submit(command);
      expect(world.store.state).not.toBe(state);
    }
  });

  test("refuses commands that only the leader gives, whatever the rights of the caller", async () => {
    const world = openTestStore();
    const registry = guarded(world, 'acl = "write" node_prefix "" { policy = "write" } operator = "write"');
    expect((await rejectionOf(registry.submitAsLeader())).message).toBe("Permission denied");
    const proceed: Command = { type: "kv-trial-proceed", id: "t1", stage: 1, atMs: 0 };
    expect((await rejectionOf(registry.submit(proceed))).message).toBe("Permission denied");
    expect((await rejectionOf(registry.submit({ type: "acl-initialize", master: undefined, nowMs: 0 }))).message).toBe(
      "Permission denied",
    );
  });

  test("runs no command of a transaction if one is denied, and names those that are", async () => {
    const world = openTestStore();
    const registry = guarded(world, 'key_prefix "a" { policy = "write" }');
    const set = (key: string): object => ({ kind: "kv", verb: "set", key, value: new Uint8Array(), flags: 0n });
    const command = { type: "txn", operations: [set("a"), set("b"), set("ab")] };
    const { state } = world.store;
    expect(await registry.submit(command as never)).toEqual({
      type: "failed",
      errors: [{ at: 1, what: "Permission denied" }],
    } as never);
    expect(world.store.state).toBe(state);
  });

  test("never changes the state for a caller who may only read, whatever the command", async () => {
    await fc.assert(
      fc.asyncProperty(randomSteps, async (steps) => {
        const commands: Command[] = [];
        takeSteps(steps, ({ command }) => commands.push(command));
        const world = openTestStore();
        const registry = guarded(world, readsAll);
        await world.store.submit(registration);
        const { state } = world.store;
        for (const command of commands.filter(asksForRight)) await registry.submit(command).catch(() => {});
        expect(world.store.state).toBe(state);
      }),
      { numRuns: 30 },
    );
  });

  test("hides keys from lists and refuses the read of one key, as Consul does", async () => {
    const world = openTestStore();
    for (const key of ["a", "a/secret", "b"]) await world.store.submit(keySet(key, "1"));
    const registry = guarded(world, 'key_prefix "a" { policy = "read" } key "a/secret" { policy = "deny" }');
    expect(registry.read(kvTree("")).map(({ key }) => key)).toEqual(["a"]);
    expect(() => registry.read(kvEntry("a/secret"))).toThrow("Permission denied");
    expect(() => registry.read(kvEntry("none"))).toThrow("Permission denied");
  });
});

/** Consul: everyone may bootstrap once, change a query without a name, and end a session that does not exist. */
function asksForRight(command: Command): boolean {
  if (command.type === "prepared-query-put") return command.query.name !== "" || command.query.template.type !== "";
  return command.type !== "acl-bootstrap";
}

test("a caller whose token is deleted may do nothing from that moment on", async () => {
  const { store, clock } = openTestStore();
  const accessControl = new AccessControl(store, {
    source: new StoredTokens(store),
    ...{ defaultPolicy: "deny", guardsKeyLists: false, datacenter: "dc1", node: "n1", clock },
    tokens: { default: "", agentMaster: "" },
    tries: new TokenTries({
      clock,
      log: createLog({ level: "error", json: false, clock, sink: () => {} }, "acl"),
      refused: new Metrics(0).counter("r"),
    }),
  });
  const nowMs = clock.wallMs();
  await store.submit({ type: "acl-initialize", master: { accessorId: id, secretId: id }, nowMs });
  const accessorId = "5f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0004";
  const token = aclToken({ accessorId, secretId: accessorId });
  await store.submit({ type: "acl-token-set", token, isNew: true, nowMs });
  const [master, caller] = [accessControl.callerOf(id), accessControl.callerOf(accessorId)];
  expect(caller.registry.read(kvTree(""))).toEqual([]);
  expect(caller.rightsKey).not.toBe(master.rightsKey);
  await store.submit({ type: "acl-tokens-delete", accessorIds: [accessorId] });
  expect(() => caller.registry.read(kvTree(""))).toThrow("ACL not found");
  expect(() => caller.rightsKey).toThrow("ACL not found");
  expect((await rejectionOf(caller.registry.submit(keySet("a", "1")))).message).toBe("ACL not found");
});
