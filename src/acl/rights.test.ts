import { describe, expect, test } from "bun:test";
import { FakeRandom } from "../../test/support/fake-random.ts";
import { globalManagementPolicy } from "./builtin.ts";
import { type Access, agentMasterRights, type Resource, type Rights, rightsOf, everything } from "./rights.ts";
import { emptyRules, type NamedRule, parseRules, type Rules } from "./rules.ts";

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

  test("equal those of a model that looks at each rule, for random policies and questions", () => {
    const random = new FakeRandom(7);
    const pick = <T>(from: readonly [T, ...T[]]): T => from[Math.floor(random.uniform() * from.length)] ?? from[0];
    const level = (): string => pick(["read", "list", "write", "deny"]);
    const serviceLevel = (): string => pick(["read", "write", "deny"]);
    const name = (): string => pick(["", "a", "b", "aa", "ab", "aba", "a/b", "*"]);
    const some = <T>(make: () => T): readonly T[] => Array.from({ length: Math.floor(random.uniform() * 4) }, make);
    const keyRule = (): NamedRule => ({ name: name(), policy: level(), intentions: "" });
    const serviceRule = (): NamedRule => ({
      name: name(),
      policy: serviceLevel(),
      intentions: pick(["", "", serviceLevel()]),
    });
    const policy = (): Rules => ({
      scalars: { acl: pick(["", level()]), keyring: "", operator: pick(["", level()]) },
      exact: { ...emptyRules(), key: some(keyRule), service: some(serviceRule) },
      prefix: { ...emptyRules(), key: some(keyRule), service: some(serviceRule) },
    });
    let checked = 0;
    while (checked < 100_000) {
      const policies = some(policy);
      const otherwise = pick<"allow" | "deny">(["allow", "deny"]);
      const rights = rightsOf(policies, otherwise);
      for (let question = 0; question < 5; question += 1, checked += 1) {
        const resource = pick<Resource>(["key", "key", "service", "intention", "acl", "operator", "node"]);
        const access = pick<Access>(["read", "list", "write"]);
        const of = resource === "intention" ? pick(["a", "ab", "aba", "b"]) : name();
        const isExpected = modelMay(policies, otherwise, { resource, access, name: of });
        if (rights.may(resource, access, of) !== isExpected)
          expect({ policies, otherwise, resource, access, of }).toBe(isExpected as never);
      }
      const prefix = name();
      if (rights.mayWriteTree(prefix) !== modelMayWriteTree(policies, otherwise, prefix))
        expect({ policies, otherwise, tree: prefix }).toBe("as in the model" as never);
    }
    expect(checked).toBe(100_000);
  });
});

const rank = ["", "read", "list", "write", "deny"];
const strongest = (levels: readonly string[]): string =>
  levels.toSorted((a, b) => rank.indexOf(b) - rank.indexOf(a))[0] ?? "";
const includes = (level: string, access: Access): boolean =>
  level !== "deny" && rank.indexOf(level) >= rank.indexOf(access);

interface Question {
  readonly resource: Resource;
  readonly access: Access;
  readonly name: string;
}

/** Decides by looking at each rule: the exact ones for the name, else those of the longest prefix; the strongest of them. */
function modelMay(policies: readonly Rules[], otherwise: string, { resource, access, name }: Question): boolean {
  const none = otherwise === "allow" && resource !== "acl";
  if (resource === "acl" || resource === "keyring" || resource === "operator") {
    const level = strongest(policies.map(({ scalars }) => scalars[resource]));
    return level === "" ? none : includes(level, access);
  }
  const table = resource === "intention" ? "service" : resource;
  const exact = policies.flatMap((rules) => rules.exact[table]).filter((rule) => rule.name === name);
  const prefixes = policies.flatMap((rules) => rules.prefix[table]).filter((rule) => name.startsWith(rule.name));
  const longest = Math.max(...prefixes.map((rule) => rule.name.length));
  const deciding = exact.length > 0 ? exact : prefixes.filter((rule) => rule.name.length === longest);
  if (deciding.length === 0) return none;
  const policy = strongest(deciding.map((rule) => rule.policy));
  if (resource !== "intention") return includes(policy, access);
  const byPolicy = policy === "deny" ? "deny" : "read";
  return includes(strongest(deciding.map((rule) => rule.intentions)) || byPolicy, access);
}

/** Decides by the longest prefix rule that covers the tree, and by each name in it that has a rule of its own. */
function modelMayWriteTree(policies: readonly Rules[], otherwise: string, prefix: string): boolean {
  const prefixOnly = policies.map((rules) => ({ ...rules, exact: emptyRules() }));
  const exactOnly = policies.map((rules) => ({ ...rules, prefix: emptyRules() }));
  const below = (rule: NamedRule): boolean => rule.name.startsWith(prefix);
  const mayWrite = (rules: readonly Rules[], name: string): boolean =>
    modelMay(rules, otherwise, { resource: "key", access: "write", name });
  return (
    mayWrite(prefixOnly, prefix) &&
    prefixOnly.every((rules) => rules.prefix.key.filter(below).every(({ name }) => mayWrite(prefixOnly, name))) &&
    exactOnly.every((rules) => rules.exact.key.filter(below).every(({ name }) => mayWrite(exactOnly, name)))
  );
}
