import { describe, expect, test } from "bun:test";
import { aclToken } from "../../test/support/acl.ts";
import { StateDriver } from "../../test/support/state.ts";
import type { AclAuthMethod, AclBindingRule, AclPolicy, AclTokenRequest } from "../model/acl.ts";
import { anonymousToken, globalManagementPolicy } from "../acl/builtin.ts";
import {
  aclResetIndex,
  getAclPolicy,
  getAclToken,
  getAclTokenOfSecret,
  listAclBindingRules,
  listAclTokens,
} from "./acl-lookup.ts";
import type { Command, Outcome } from "./command.ts";
import { rejectionText } from "./rejection-text.ts";

const ids = [1, 2, 3, 4].map((digit) => `6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f1${digit}`);
const [first = "", second = "", third = "", fourth = ""] = ids;
const nowMs = Date.parse("2021-03-04T05:06:07.800Z");

function policy(id: string, name: string): Command {
  const row: AclPolicy = { id, name, description: "", rules: "", datacenters: [] };
  return { type: "acl-policy-set", policy: row, isNew: true, rulesFault: undefined };
}

function token(changes: Partial<AclTokenRequest>, isNew = true): Command {
  return { type: "acl-token-set", token: aclToken(changes), isNew, nowMs };
}

function initialize(secretId?: string): Command {
  const master = secretId === undefined ? undefined : { accessorId: fourth, secretId };
  return { type: "acl-initialize", master, nowMs };
}

function bootstrap(accessorId: string, resetIndex = 0): Command {
  return { type: "acl-bootstrap", accessorId, secretId: accessorId.replace("6f3f", "7f3f"), resetIndex, nowMs };
}

function textOf(outcome: Outcome): string {
  return outcome.type === "rejected" ? rejectionText(outcome.reason) : outcome.type;
}

describe("the start of access control", () => {
  test("makes the builtin policy with Consul's rules, and the anonymous token, once", () => {
    const driver = new StateDriver();
    expect(driver.run(initialize()).outcome).toEqual({ type: "done" });
    expect(getAclPolicy(driver.state, globalManagementPolicy.id)).toMatchObject(globalManagementPolicy);
    expect(getAclTokenOfSecret(driver.state, anonymousToken.secretId)?.accessorId).toBe(anonymousToken.accessorId);
    const { index } = driver.state;
    expect(driver.run(initialize()).outcome).toEqual({ type: "unchanged" });
    expect(driver.state.index).toBe(index);
  });

  test("makes a management token with the configured secret, which spends the bootstrap", () => {
    const driver = new StateDriver();
    driver.run(initialize("the master"));
    expect(getAclTokenOfSecret(driver.state, "the master")).toMatchObject({
      ...{ accessorId: fourth, description: "Master Token", policies: [globalManagementPolicy.id], type: "management" },
      createTime: "2021-03-04T05:06:07.8Z",
    });
    expect(textOf(driver.run(bootstrap(first)).outcome)).toBe(
      "Permission denied: ACL bootstrap no longer allowed (reset index: 1)",
    );
  });

  test("makes another management token for a changed secret, and keeps the index that allows a bootstrap", () => {
    const driver = new StateDriver();
    driver.run(initialize("one"));
    driver.run({ type: "acl-initialize", master: { accessorId: third, secretId: "two" }, nowMs });
    expect(listAclTokens(driver.state, nowMs).map(({ secretId }) => secretId)).toEqual(["anonymous", "one", "two"]);
    expect(aclResetIndex(driver.state)).toBe(1);
  });
});

describe("a bootstrap", () => {
  test("is possible once, and again with the index of the last one, which its own index then replaces", () => {
    const driver = new StateDriver();
    driver.run(initialize());
    expect(driver.run(bootstrap(first)).outcome).toEqual({ type: "done" });
    expect(aclResetIndex(driver.state)).toBe(2);
    expect(textOf(driver.run(bootstrap(second, 1)).outcome)).toBe(
      "Invalid bootstrap reset index (specified 1, reset index: 2)",
    );
    driver.run(policy(third, "p"));
    expect(driver.run(bootstrap(second, 2)).outcome).toEqual({ type: "done" });
    expect(aclResetIndex(driver.state)).toBe(driver.state.index);
    expect([first, second].map((id) => getAclToken(driver.state, id)?.type)).toEqual(["management", "management"]);
  });
});

describe("a token", () => {
  test("keeps its links, its index and its place when the policy is renamed or deleted", () => {
    const driver = new StateDriver();
    driver.run(policy(first, "p1"));
    driver.run(token({ accessorId: second, secretId: third, policies: [{ id: "", name: "P1" }] }));
    const before = getAclToken(driver.state, second);
    expect(before?.policies).toEqual([first]);
    driver.run({ type: "acl-policy-delete", id: first });
    expect(getAclToken(driver.state, second)).toBe(before);
  });

  test("with an id that is in use, as accessor or as secret, is rejected", () => {
    const driver = new StateDriver();
    driver.run(token({ accessorId: first, secretId: second }));
    const texts = [
      token({ accessorId: first.toUpperCase(), secretId: third }),
      token({ accessorId: second, secretId: third }),
      token({ accessorId: third, secretId: second }),
      token({ accessorId: third, secretId: first }),
    ].map((command) => textOf(driver.run(command).outcome));
    const taken = (what: string): string => `Invalid Token: ${what} is already in use`;
    expect(texts).toEqual([...Array(2).fill(taken("AccessorID")), ...Array(2).fill(taken("SecretID"))]);
  });

  test.each([
    [{ expirationTtlMs: 60_000 }, "2021-03-04T05:07:07.8Z"],
    [{ expirationTime: "2021-03-04T05:08:00.123456789Z" }, "2021-03-04T05:08:00.123456789Z"],
    [{}, null],
  ])("with %j expires at %j", (wish, expirationTime) => {
    const driver = new StateDriver();
    driver.run(token({ accessorId: first, secretId: second, ...wish }));
    expect(getAclToken(driver.state, first)?.expirationTime).toBe(expirationTime);
  });

  test("that has expired is neither listed nor updated, but can be deleted", () => {
    const driver = new StateDriver();
    driver.run(token({ accessorId: first, secretId: second, expirationTtlMs: 60_000 }));
    expect(listAclTokens(driver.state, nowMs + 59_999)).toHaveLength(1);
    expect(listAclTokens(driver.state, nowMs + 60_000)).toEqual([]);
    const late = driver.run({
      ...{ type: "acl-token-set", isNew: false, nowMs: nowMs + 60_000 },
      token: aclToken({ accessorId: first }),
    });
    expect(textOf(late.outcome)).toBe(`Cannot find token "${first}"`);
    driver.run({ type: "acl-tokens-delete", accessorIds: [first, third] });
    expect(driver.state.aclTokens.size).toBe(0);
  });

  test("of an expired accessor keeps its expiration time over an update", () => {
    const driver = new StateDriver();
    driver.run(token({ accessorId: first, secretId: second, expirationTtlMs: 60_000 }));
    driver.run(token({ accessorId: first, description: "x" }, false));
    expect(getAclToken(driver.state, first)).toMatchObject({
      ...{
        description: "x",
        secretId: second,
        expirationTime: "2021-03-04T05:07:07.8Z",
        createIndex: 1,
        modifyIndex: 2,
      },
    });
  });

  test("deletes nothing when one of several accessors is the anonymous token's", () => {
    const driver = new StateDriver();
    driver.run(initialize());
    driver.run(token({ accessorId: first, secretId: second }));
    const before = driver.state;
    const { outcome } = driver.run({ type: "acl-tokens-delete", accessorIds: [first, anonymousToken.accessorId] });
    expect(textOf(outcome)).toBe("Delete operation not permitted on the anonymous token");
    expect(driver.state).toBe(before);
  });
});

describe("a policy", () => {
  test("with a fault in its rules is rejected, but only after the faults that depend on other policies", () => {
    const driver = new StateDriver();
    driver.run(policy(first, "p1"));
    const row: AclPolicy = { id: second, name: "p1", description: "", rules: "x", datacenters: [] };
    const set = (name: string): string =>
      textOf(
        driver.run({ type: "acl-policy-set", policy: { ...row, name }, isNew: true, rulesFault: "bad rules" }).outcome,
      );
    expect([set("P1"), set("p2")]).toEqual(['Invalid Policy: A Policy with Name "P1" already exists', "bad rules"]);
  });
});

describe("an auth method", () => {
  const method: AclAuthMethod = {
    ...{ name: "m1", type: "jwt", displayName: "", description: "", maxTokenTtlMs: 0, tokenLocality: "" },
    config: { ClaimMappings: { team: "team" } },
  };
  const rule: AclBindingRule = {
    ...{ id: first, description: "", authMethod: "M1", selector: "", bindType: "service", bindName: "${value.team}" },
  };

  test("takes its binding rules and the tokens of its logins with it, and no others", () => {
    const driver = new StateDriver();
    for (const name of ["m1", "m2"])
      driver.run({ type: "acl-auth-method-set", method: { ...method, name }, configFault: undefined });
    driver.run({ type: "acl-binding-rule-set", rule, isNew: true });
    driver.run({ type: "acl-binding-rule-set", rule: { ...rule, id: second, authMethod: "m2" }, isNew: true });
    driver.run(token({ accessorId: third, secretId: fourth }));
    const { touched } = driver.run({ type: "acl-auth-method-delete", name: "M1" });
    expect(listAclBindingRules(driver.state, "").map(({ id }) => id)).toEqual([second]);
    expect(getAclToken(driver.state, third)).toBeDefined();
    expect([...touched].toSorted()).toEqual(["acl-auth-methods", "acl-binding-rules"]);
  });

  test("knows the variables of its identities, which a binding rule may name", () => {
    const driver = new StateDriver();
    driver.run({ type: "acl-auth-method-set", method, configFault: undefined });
    const set = (bindName: string): string =>
      textOf(driver.run({ type: "acl-binding-rule-set", rule: { ...rule, bindName }, isNew: true }).outcome);
    expect([set("${value.team}"), set("${value.nope}"), set("a b")]).toEqual([
      "done",
      "Invalid Binding Rule: invalid BindName: 1:3: unknown variable accessed: value.nope",
      "Invalid Binding Rule: invalid BindName",
    ]);
  });
});

describe("a legacy token", () => {
  const old = { accessorId: first, secretId: "old", description: "", type: "management", rules: "" } as const;

  test("has an accessor at once, and the builtin policy if it is one of management", () => {
    const driver = new StateDriver();
    driver.run({ type: "acl-legacy-set", token: old, rulesFault: undefined });
    expect(getAclToken(driver.state, first)).toMatchObject({
      ...{ policies: [globalManagementPolicy.id], createTime: "0001-01-01T00:00:00Z" },
    });
  });

  test("loses its rules when it is updated by its accessor, and is then no legacy token any more", () => {
    const driver = new StateDriver();
    driver.run({ type: "acl-legacy-set", token: { ...old, type: "client", rules: "x" }, rulesFault: undefined });
    driver.run(token({ accessorId: first }, false));
    expect(getAclToken(driver.state, first)).toMatchObject({ rules: "", type: "", secretId: "old" });
    const again = driver.run({ type: "acl-legacy-set", token: { ...old, type: "client" }, rulesFault: undefined });
    expect(textOf(again.outcome)).toBe("Cannot use legacy endpoint to modify a non-legacy token");
  });
});
