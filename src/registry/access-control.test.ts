import { heapStats } from "bun:jsc";
import { expect, test } from "bun:test";
import { aclToken } from "../../test/support/acl.ts";
import { openTestStore, reopenStore, type TestStore } from "../../test/support/store.ts";
import { createLog } from "../lib/log.ts";
import { Metrics } from "../lib/metrics.ts";
import { AccessControl } from "./access-control.ts";
import type { Registry } from "./registry.ts";
import { StoredTokens } from "./token-source.ts";
import { TokenTries } from "./token-tries.ts";

const [policies, tokens] = [1_000, 10_000];
const mib = 1_024 * 1_024;

test("10,000 tokens and 1,000 policies as EdgeX's take some MiB of memory, and not many more when all are used", async () => {
  const world = openTestStore();
  await fill(world);
  const before = heapBytes();
  const store = reopenStore(world);
  const stored = heapBytes() - before;
  const accessControl = limited(store, world);
  for (let at = 0; at < tokens; at += 1) {
    const { rights } = accessControl.callerOf(secretOf(at));
    expect(rights.may("key", "write", `edgex/v3/device-${at % policies}/Writable`)).toBe(true);
  }
  const used = heapBytes() - before;
  expect(store.state.aclTokens.size).toBe(tokens);
  // Live bytes were 9 MiB, and 24 with all in use. The goal for an agent's resident memory is 30 MiB after a start.
  expect(stored / mib).toBeLessThan(20);
  expect(used / mib).toBeLessThan(40);
});

test("tokens with the same policies share one set of rights until a policy changes", async () => {
  const world = openTestStore();
  const { store, clock } = world;
  await store.submit(policySet(1));
  for (const at of [1, policies + 1]) await store.submit(tokenSet(at, clock.wallMs()));
  const accessControl = limited(store, world);
  const [one, other] = [accessControl.callerOf(secretOf(1)), accessControl.callerOf(secretOf(policies + 1))];
  const { rights, rightsKey } = one;
  expect([other.rights, other.rightsKey]).toEqual([rights, rightsKey]);
  expect(one.rights).toBe(rights);
  await store.submit({ ...policySet(1, 'key "a" { policy = "read" }'), isNew: false });
  expect(one.rightsKey).not.toBe(rightsKey);
  expect(one.rights.may("key", "write", "edgex/v3/device-1/Writable")).toBe(false);
  expect(one.rights.may("key", "read", "a")).toBe(true);
});

async function fill({ store, clock }: TestStore): Promise<void> {
  for (let at = 0; at < policies; at += 1) await store.submit(policySet(at));
  for (let at = 0; at < tokens; at += 1) await store.submit(tokenSet(at, clock.wallMs()));
}

function policySet(at: number, rules = edgexRules(`device-${at}`)) {
  const policy = { id: idOf(at), name: `acl_policy_for_device-${at}`, description: "", rules, datacenters: [] };
  return { type: "acl-policy-set", policy, isNew: true, rulesFault: undefined } as const;
}

/** The token's policy is one of those with a number below `policies`. */
function tokenSet(at: number, nowMs: number) {
  const links = [{ id: idOf(at % policies), name: "" }];
  const description = `Vault device-${at % policies} token ${at}`;
  const token = aclToken({ accessorId: idOf(tokens + at), secretId: secretOf(at), description, policies: links });
  return { type: "acl-token-set", token, isNew: true, nowMs } as const;
}

/** Returns the rules of EdgeX 3 for a service. */
function edgexRules(service: string): string {
  return `node "" { policy = "read" } node_prefix "edgex" { policy = "write" }
    service "${service}" { policy = "write" } service_prefix "" { policy = "read" }
    key_prefix "edgex/v3/${service}" { policy = "write" }
    key_prefix "edgex/v3/core-common-config-bootstrapper" { policy = "read" }`;
}

function idOf(at: number): string {
  return `5f3f8f6c-6f0e-4a66-9e1c-${String(at).padStart(12, "0")}`;
}

function secretOf(at: number): string {
  return idOf(10 * tokens + at);
}

function limited(store: Registry, { clock }: TestStore): AccessControl {
  const log = createLog({ level: "error", json: false, clock, sink: () => {} }, "acl");
  return new AccessControl(store, {
    source: new StoredTokens(store),
    ...{ defaultPolicy: "deny", guardsKeyLists: false, datacenter: "dc1", node: "n1", clock },
    tokens: { default: "", agentMaster: "" },
    tries: new TokenTries({ clock, log, refused: new Metrics(0).counter("r") }),
  });
}

function heapBytes(): number {
  Bun.gc(true);
  const { heapSize, extraMemorySize } = heapStats();
  return heapSize + extraMemorySize;
}
