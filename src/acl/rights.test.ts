import { describe, expect, spyOn, test } from "bun:test";
import { globalManagementPolicy } from "./builtin.ts";
import { type Access, agentMasterRights, type Resource, type Rights, rightsOf, everything } from "./rights.ts";
import { parseRules } from "./rules.ts";

const named = ["agent", "event", "key", "node", "query", "service", "session"] as const;
const resources: readonly Resource[] = ["acl", "keyring", "operator", "intention", ...named];
const accesses: readonly Access[] = ["read", "list", "write"];

function allowedBy(rights: Rights, name: string): readonly string[] {
  return resources.flatMap((resource) =>
    accesses.filter((access) => rights.may(resource, access, name)).map((access) => `${resource} ${access}`),
  );
}

const all = resources.flatMap((resource) => accesses.map((access) => `${resource} ${access}`));

describe("rights", () => {
  test("of management, and of all while access control is off, are everything", () => {
    expect(allowedBy(everything, "x")).toEqual(all);
    expect(everything.mayWriteTree("")).toBe(true);
  });

  test("of the policy global-management are everything", () => {
    const rights = rightsOf([parseRules(globalManagementPolicy.rules)], "deny");
    for (const name of ["", "x", "*"]) expect(allowedBy(rights, name)).toEqual(all);
    expect(rights.mayWriteTree("")).toBe(true);
  });

  test("of the agent master token are to use its own agent and to read all nodes", () => {
    const rights = agentMasterRights("n1");
    expect(allowedBy(rights, "n1")).toEqual(["agent read", "agent list", "agent write", "node read"]);
    expect(allowedBy(rights, "n10")).toEqual(["node read"]);
  });

  test("of one token do not change by a merge with another policy", () => {
    const reading = parseRules('service "web" { policy = "read" }');
    rightsOf([reading, parseRules('service "web" { policy = "write" }')], "deny");
    expect(rightsOf([reading], "deny").may("service", "write", "web")).toBe(false);
  });

  test("are found by a look at few rules, however many prefixes of a name have one", () => {
    const names = Array.from({ length: 1_000 }, (_, at) => "a".repeat(at + 1));
    const rights = rightsOf(
      [parseRules(names.map((name) => `key_prefix "${name}" { policy = "read" }`).join("\n"))],
      "deny",
    );
    // Each step of the search asks for at most two prefixes, and there are at most three steps for each power of two.
    const looksMax = 2 * 3 * Math.ceil(Math.log2(names.length));
    for (const length of [0, 1, 2, 3, 7, 8, 100, 500, 511, 512, 998, 999, 1_000]) {
      const name = `${"a".repeat(length)}b`;
      const looks = countPrefixTests(() => expect(rights.may("key", "read", name)).toBe(length > 0));
      expect(looks).toBeLessThanOrEqual(looksMax);
    }
  });
});

/** Returns how often `run` asks whether a text begins with another one. */
function countPrefixTests(run: () => void): number {
  const tests = spyOn(String.prototype, "startsWith");
  try {
    run();
    return tests.mock.calls.length;
  } finally {
    tests.mockRestore();
  }
}
