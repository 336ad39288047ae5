import { expect, test } from "bun:test";
import fc from "fast-check";
import { randomSteps, type Step, takeSteps } from "../../test/support/random-commands.ts";
import { anonymousToken, globalManagementPolicy } from "../acl/builtin.ts";
import {
  getAclAuthMethod,
  getAclPolicyNamed,
  getAclRoleNamed,
  getAclTokenOfSecret,
  listAclPolicies,
  listAclRoles,
} from "./acl-lookup.ts";
import { rowKey } from "./row-key.ts";

/* Properties of access control's objects that hold after any sequence of commands. */

function afterEachStep(look: (step: Step) => void): void {
  fc.assert(
    fc.property(randomSteps, (steps) => void takeSteps(steps, look)),
    { numRuns: 100 },
  );
}

test("each policy, role and token is found by its name or its secret, and no two share one", () => {
  afterEachStep(({ state }) => {
    const [policies, roles] = [listAclPolicies(state), listAclRoles(state)];
    for (const row of policies) expect(getAclPolicyNamed(state, row.name.toUpperCase())).toBe(row);
    for (const row of roles) expect(getAclRoleNamed(state, row.name.toUpperCase())).toBe(row);
    for (const row of state.aclTokens.values()) expect(getAclTokenOfSecret(state, row.secretId)).toBe(row);
    expect([state.aclPolicyNames.size, state.aclRoleNames.size]).toEqual([policies.length, roles.length]);
    expect(state.aclTokenSecrets.size).toBe(state.aclTokens.size);
  });
});

test("each binding rule has an auth method, and the builtin policy and token stay once they exist", () => {
  afterEachStep(({ command, before, state }) => {
    for (const rule of state.aclBindingRules.values()) expect(getAclAuthMethod(state, rule.authMethod)).toBeDefined();
    if (command.type === "restore" || command.type === "acl-legacy-delete") return;
    for (const [table, id] of [
      ["aclPolicies", globalManagementPolicy.id],
      ["aclTokens", anonymousToken.accessorId],
    ] as const)
      if (before[table].get(rowKey(id))) expect(state[table].get(rowKey(id))).toBeDefined();
  });
});
