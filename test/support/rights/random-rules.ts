import type { FakeRandom } from "../fake-random.ts";
import type { ModelRule } from "./rights-model.ts";

/** The resources whose rules have no name, and those whose rules have one. */
export const scalarResources = ["acl", "keyring", "operator"] as const;
export const namedResources = ["agent", "event", "key", "node", "query", "service", "session"] as const;

/** Returns one of the elements. */
export function pickFrom<T>(random: FakeRandom, from: readonly [T, ...T[]]): T {
  return from[Math.floor(random.uniform() * from.length)] ?? from[0];
}

/** Returns fewer than `below` results of `make`. */
export function some<T>(random: FakeRandom, below: number, make: () => T): readonly T[] {
  return Array.from({ length: Math.floor(random.uniform() * below) }, make);
}

export interface RuleChoice {
  readonly names: readonly [string, ...string[]];
  /** The resources that the rules are about; default: all. */
  readonly resources?: readonly [(typeof namedResources)[number], ...(typeof namedResources)[number][]];
  readonly rulesMax: number;
  /** Whether rules can name exactly one thing; the syntax of before Consul 1.4 has prefixes alone. */
  readonly isLegacy?: boolean;
}

/** Returns the rules of one random policy. */
export function randomRules(random: FakeRandom, choice: RuleChoice): readonly ModelRule[] {
  const named = some(random, choice.rulesMax + 1, () => randomRule(random, choice));
  const scalars = scalarResources
    .filter(() => random.uniform() < 0.2)
    .map((resource) => ({ resource, level: pickFrom(random, ["read", "write", "deny"]) }))
    .map((rule) => ({ ...rule, isPrefix: true, name: "", intentions: "" }));
  return [...scalars, ...named];
}

const keyLevels = ["read", "list", "write", "write", "deny"] as const;
const otherLevels = ["read", "read", "write", "write", "deny"] as const;

function randomRule(random: FakeRandom, { names, resources, isLegacy }: RuleChoice): ModelRule {
  const resource = pickFrom(random, resources ?? namedResources);
  const levels = resource === "key" ? keyLevels : otherLevels;
  const hasIntentions = resource === "service" && random.uniform() < 0.5;
  return {
    resource,
    isPrefix: isLegacy === true || random.uniform() < 0.5,
    name: pickFrom(random, names),
    level: pickFrom<string>(random, levels),
    intentions: hasIntentions ? pickFrom(random, ["read", "write", "deny"]) : "",
  };
}

function isScalar({ resource }: ModelRule): boolean {
  return scalarResources.some((scalar) => scalar === resource);
}

function fieldsOf({ level, intentions }: ModelRule): Readonly<Record<string, string>> {
  return { policy: level, ...(intentions !== "" && { intentions }) };
}

function blockOf({ resource, isPrefix }: ModelRule): string {
  return isPrefix ? `${resource}_prefix` : resource;
}

/** Writes the rules as HCL. */
export function hclOf(rules: readonly ModelRule[]): string {
  return rules.map((rule) => hclRule(rule, blockOf(rule))).join("\n");
}

/** Writes the rules in the syntax of before Consul 1.4, where the name of a resource stands for prefixes. */
export function legacyOf(rules: readonly ModelRule[]): string {
  return rules.map((rule) => hclRule(rule, rule.resource)).join("\n");
}

function hclRule(rule: ModelRule, block: string): string {
  if (isScalar(rule)) return `${rule.resource} = ${JSON.stringify(rule.level)}`;
  const fields = Object.entries(fieldsOf(rule)).map(([name, level]) => `  ${name} = ${JSON.stringify(level)}`);
  return `${block} ${JSON.stringify(rule.name)} {\n${fields.join("\n")}\n}`;
}

/** Writes the rules as JSON. The blocks of one name are a list, since an object holds each name once. */
export function jsonOf(rules: readonly ModelRule[]): string {
  const body: Record<string, unknown> = {};
  for (const rule of rules) {
    if (isScalar(rule)) body[rule.resource] = rule.level;
    else {
      const block = blockOf(rule);
      const earlier = body[block];
      body[block] = [...(Array.isArray(earlier) ? earlier : []), { [rule.name]: fieldsOf(rule) }];
    }
  }
  return JSON.stringify(body);
}
