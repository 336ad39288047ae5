import type { RefusedAccess, Resource } from "./rights.ts";

interface Needed {
  readonly resource: Resource;
  readonly access: RefusedAccess;
  readonly name: string;
}

/** A level of a rule, weakest first. */
const levels = ["read", "list", "write"] as const;
type Level = (typeof levels)[number];

interface NeededRule {
  readonly resource: string;
  readonly name: string;
  policy?: Level;
  intentions?: Level;
}

/**
 * Returns the rules, in HCL, that give these permissions, in the order of resource and name. An access of a scalar resource
 * is one line, `operator = "read"`. To list keys, or to delete them by prefix, needs a rule for the prefix.
 */
export function neededPolicy(permissions: readonly Needed[]): string {
  const rules = new Map<string, NeededRule>();
  for (const { resource, access, name } of permissions) {
    const isPrefix = access === "write-prefix" || (resource === "key" && access === "list");
    const of = resource === "intention" ? "service" : isPrefix ? `${resource}_prefix` : resource;
    // The intention "*" stands for those of all services, which only a rule for all names gives.
    const [block, named] = resource === "intention" && name === "*" ? ["service_prefix", ""] : [of, name];
    const key = `${block} ${named}`;
    const rule = rules.get(key) ?? { resource: block, name: named };
    const level = access === "write-prefix" ? "write" : access;
    if (resource === "intention") rule.intentions = higher(rule.intentions, level);
    else rule.policy = higher(rule.policy, level);
    rules.set(key, rule);
  }
  const sorted = [...rules].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return sorted.map(([, rule]) => textOf(rule)).join("");
}

function textOf({ resource, name, policy, intentions }: NeededRule): string {
  if (resource === "operator" || resource === "keyring") return `${resource} = "${policy}"\n`;
  // A rule for a service must name a level for the service itself.
  const lines = [`  policy = "${policy ?? "read"}"\n`, ...(intentions ? [`  intentions = "${intentions}"\n`] : [])];
  return `${resource} ${JSON.stringify(name)} {\n${lines.join("")}}\n`;
}

function higher(known: Level | undefined, level: Level): Level {
  return known !== undefined && levels.indexOf(known) > levels.indexOf(level) ? known : level;
}
