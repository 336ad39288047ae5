import { describe, expect, test } from "bun:test";
import { FakeRandom } from "../../test/support/fake-random.ts";
import {
  hclOf,
  jsonOf,
  legacyOf,
  namedResources,
  pickFrom,
  randomRules,
  scalarResources,
  some,
} from "../../test/support/rights/random-rules.ts";
import { modelMay, type ModelRule, modelMayWriteTree } from "../../test/support/rights/rights-model.ts";
import { type Access, type Resource, type Rights, rightsOf } from "./rights.ts";
import { parseRules, type Rules } from "./rules.ts";
import { translateRules } from "./translate.ts";

const questions = 100_000;
const questionsOfToken = 5;
const names = [
  "",
  "a",
  "b",
  "aa",
  "ab",
  "aba",
  "a/",
  "a/b",
  "a/b/",
  "a/bc",
  "*",
  "ä",
  "a\u0000",
  "A",
  '"',
  "${a}",
] as const;
const accesses = ["read", "list", "write"] as const;
const resources: readonly [Resource, ...Resource[]] = [
  "key",
  "key",
  "intention",
  ...scalarResources,
  ...namedResources,
];

interface Policy {
  readonly rules: readonly ModelRule[];
  readonly text: string;
  readonly read: (text: string) => Rules;
}

const syntaxes = ["HCL", "JSON", "legacy HCL"] as const;

function randomPolicy(random: FakeRandom): Policy {
  const syntax = pickFrom(random, syntaxes);
  const rules = randomRules(random, { names, rulesMax: 7, isLegacy: syntax === "legacy HCL" });
  switch (syntax) {
    case "HCL":
      return { rules, text: hclOf(rules), read: parseRules };
    case "JSON":
      return { rules, text: jsonOf(rules), read: parseRules };
    case "legacy HCL":
      return { rules, text: legacyOf(rules), read: (text) => parseRules(translateRules(text)) };
  }
}

interface Asked {
  readonly token: readonly Policy[];
  readonly otherwise: "allow" | "deny";
  readonly rights: Rights;
}

/** Asks for an access to a thing, or for the deletion of a tree of keys. Throws unless the model answers as the rights do. */
function ask(random: FakeRandom, { token, otherwise, rights }: Asked, counts: Map<string, number>): void {
  const rules = token.flatMap((policy) => policy.rules);
  const name = pickFrom(random, names);
  const isTree = random.uniform() < 0.1;
  const resource = isTree ? "key" : pickFrom(random, resources);
  const access: Access = isTree ? "write" : pickFrom(random, accesses);
  const isScalar = scalarResources.some((scalar) => scalar === resource);
  const question = { resource, access, name: isScalar ? "" : name };
  const expected = isTree ? modelMayWriteTree(rules, otherwise, name) : modelMay(rules, otherwise, question);
  const found = isTree ? rights.mayWriteTree(name) : rights.may(resource, access, question.name);
  const kind = `${isTree ? "tree" : resource} ${access} ${expected ? "allowed" : "refused"}`;
  counts.set(kind, (counts.get(kind) ?? 0) + 1);
  if (found !== expected)
    throw new Error(`${kind} by the model: ${JSON.stringify([question, otherwise, token.map(({ text }) => text)])}`);
}

describe("rights", () => {
  test(`equal those of a model that looks at each rule, for ${questions} questions about random policies in each syntax`, () => {
    const random = new FakeRandom(7);
    const counts = new Map<string, number>();
    for (let asked = 0; asked < questions;) {
      const token = some(random, 4, () => randomPolicy(random));
      const otherwise = pickFrom<"allow" | "deny">(random, ["allow", "deny"]);
      const rights = rightsOf(
        token.map(({ text, read }) => read(text)),
        otherwise,
      );
      for (let at = 0; at < questionsOfToken; at += 1, asked += 1) ask(random, { token, otherwise, rights }, counts);
    }
    // Each access to each kind of thing, and the deletion of a tree, was allowed and refused.
    const kinds = [...new Set(resources)].flatMap((resource) => accesses.map((access) => `${resource} ${access}`));
    const missing = [...kinds, "tree write"].flatMap((kind) =>
      ["allowed", "refused"].map((answer) => `${kind} ${answer}`).filter((each) => (counts.get(each) ?? 0) < 100),
    );
    expect(missing).toEqual([]);
  });
});
