import { type Rights, rightsOf } from "../../src/acl/rights.ts";
import { parseRules } from "../../src/acl/rules.ts";
import { AccessControl } from "../../src/registry/access-control.ts";
import type { Caller } from "../../src/registry/caller.ts";
import { StoredTokens } from "../../src/registry/token-source.ts";
import { TokenTries } from "../../src/registry/token-tries.ts";
import { createLog } from "../../src/lib/log.ts";
import { Metrics } from "../../src/lib/metrics.ts";
import { aclToken } from "../../test/support/acl.ts";
import { FakeRandom } from "../../test/support/fake-random.ts";
import { openTestStore } from "../../test/support/store.ts";

export interface PermissionCost {
  readonly title: string;
  /** Processor time of one decision. */
  readonly nanoseconds: number;
}

const decisions = 100_000;
/** The least of several rounds counts: the first ones are slower, while the runtime still compiles. */
const rounds = 6;

/** Measures what a decision costs about rights that are known, for rules of several kinds and numbers. */
export async function permissionCosts(): Promise<readonly PermissionCost[]> {
  const [one, many] = [rightsFrom(services(1, 1_000)), await tokenHolders(10_000)];
  const hundred = rightsFrom(services(100, 1));
  const exact = rightsFrom([exactRules(1_000)]);
  const nested = rightsFrom([nestedRules(1_000)]);
  const single = rightsFrom(['key "edgex/v3/a" { policy = "write" }\nservice_prefix "s" { policy = "read" }']);
  let next = 0;
  return [
    cost("one exact rule", () => single.may("key", "write", "edgex/v3/a")),
    cost("one prefix rule", () => single.may("service", "read", "s57")),
    cost("100 policies of two rules", () => hundred.may("key", "write", "edgex/v3/s57/Writable/LogLevel")),
    cost("1,000 exact rules", () => exact.may("key", "write", "edgex/v3/s577/Writable/LogLevel")),
    cost("1,000 prefix rules", () => one.may("key", "write", "edgex/v3/s577/Writable/LogLevel")),
    cost("1,000 prefix rules, none of which matches", () => !one.may("key", "write", "vault/core/hsm")),
    cost("1,000 rules for prefixes of one name", () => nested.may("key", "read", "ab")),
    cost("the deletion of a tree, with 1,000 prefix rules", () => one.mayWriteTree("edgex/v3/s577/")),
    cost("100 tokens of 10,000 in turn, each with its policy", () => {
      next = (next + 1) % 100;
      return many[next]?.rights.may("key", "read", "edgex/v3/s577/Writable/LogLevel") === true;
    }),
  ];
}

/** @param isAllowed makes the decision, with the answer that is expected */
function cost(title: string, isAllowed: () => boolean): PermissionCost {
  let least = Infinity;
  for (let round = 0; round < rounds; round += 1) {
    const before = process.cpuUsage();
    let allowed = 0;
    for (let decision = 0; decision < decisions; decision += 1) if (isAllowed()) allowed += 1;
    const { user, system } = process.cpuUsage(before);
    if (allowed !== decisions) throw new Error(`${title}: ${decisions - allowed} wrong decisions`);
    least = Math.min(least, ((user + system) * 1_000) / decisions);
  }
  return { title, nanoseconds: Math.round(least) };
}

function rightsFrom(texts: readonly string[]): Rights {
  return rightsOf(texts.map(parseRules), "deny");
}

/** Returns policies, each with rules for the settings and the registration of some services. */
function services(policies: number, servicesOfEach: number): readonly string[] {
  return Array.from({ length: policies }, (_, policy) =>
    Array.from({ length: servicesOfEach }, (_each, at) => {
      const name = `s${policy * servicesOfEach + at}`;
      return `key_prefix "edgex/v3/${name}/" { policy = "write" }\nservice "${name}" { policy = "write" }`;
    }).join("\n"),
  );
}

function exactRules(count: number): string {
  const keys = Array.from({ length: count }, (_, at) => `edgex/v3/s${at}/Writable/LogLevel`);
  return keys.map((key) => `key "${key}" { policy = "write" }`).join("\n");
}

/** Returns rules for the prefixes "a", "aa", "aaa", ... */
function nestedRules(count: number): string {
  return Array.from({ length: count }, (_, at) => `key_prefix "${"a".repeat(at + 1)}" { policy = "read" }`).join("\n");
}

/** Returns the callers of as many tokens, each of which has been used, with 1,000 policies among them. */
async function tokenHolders(count: number): Promise<readonly Caller[]> {
  const { store, clock } = openTestStore();
  const log = createLog({ level: "error", json: false, clock, sink: () => {} }, "acl");
  const random = new FakeRandom();
  const rows = Array.from({ length: 1_000 }, (_, at) => ({
    ...{ id: random.uuid(), name: `p${at}`, description: "", datacenters: [] },
    rules: `key_prefix "edgex/" { policy = "read" }\nservice "s${at}" { policy = "write" }`,
  }));
  for (const policy of rows) await store.submit({ type: "acl-policy-set", policy, isNew: true, rulesFault: undefined });
  const secrets = Array.from({ length: count }, () => random.uuid());
  const nowMs = clock.wallMs();
  await store.submitTogether(
    secrets.map((secretId, at) => {
      const policies = [{ id: rows[at % rows.length]?.id ?? "", name: "" }];
      // Every other token expires, as those of logins and of Vault do.
      const expirationTtlMs = at % 2 === 0 ? 0 : 3_600_000;
      const token = aclToken({ accessorId: random.uuid(), secretId, policies, expirationTtlMs });
      return { type: "acl-token-set", token, isNew: true, nowMs } as const;
    }),
  );
  const callers = new AccessControl(store, {
    source: new StoredTokens(store),
    ...{ defaultPolicy: "deny", guardsKeyLists: false, datacenter: "dc1", node: "n1", clock },
    tokens: { default: "", agentMaster: "" },
    tries: new TokenTries({ clock, log, refused: new Metrics(0).counter("r") }),
  });
  return secrets.map((secret) => callers.callerOf(secret));
}
