import type { Access, Resource } from "../../../src/acl/rights.ts";

/*
 * Decides what the rules of policies allow by looking at each rule. The model shares no code with src/acl. Consul 1.8: an exact
 * rule beats each prefix, a longer prefix beats a shorter one, and of several rules for the same name "deny" beats "write",
 * which beats "list", which beats "read".
 */

/** One rule. A resource without names, such as acl, has rules for the prefix "". */
export interface ModelRule {
  readonly resource: string;
  readonly isPrefix: boolean;
  readonly name: string;
  readonly level: string;
  /** The level for intentions, which only services have; "" if the rule names none. */
  readonly intentions: string;
}

export interface ModelQuestion {
  readonly resource: Resource;
  readonly access: Access;
  readonly name: string;
}

type DefaultPolicy = "allow" | "deny";

const rank = ["", "read", "list", "write", "deny"];

function strongest(levels: readonly string[]): string {
  return levels.toSorted((a, b) => rank.indexOf(b) - rank.indexOf(a))[0] ?? "";
}

function includes(level: string, access: Access): boolean {
  return level !== "deny" && rank.indexOf(level) >= rank.indexOf(access);
}

/** Returns whether a token with these rules may do what is asked. */
export function modelMay(rules: readonly ModelRule[], otherwise: DefaultPolicy, question: ModelQuestion): boolean {
  const { resource, access, name } = question;
  if (resource === "intention" && name === "*") return modelMayAllIntentions(rules, otherwise, access);
  const table = resource === "intention" ? "service" : resource;
  const matching = rules.filter(
    (rule) => rule.resource === table && (rule.isPrefix ? name.startsWith(rule.name) : rule.name === name),
  );
  const closeness = (rule: ModelRule): number => (rule.isPrefix ? rule.name.length : Infinity);
  const closest = Math.max(...matching.map(closeness));
  const deciding = matching.filter((rule) => closeness(rule) === closest);
  if (deciding.length === 0) return otherwise === "allow" && resource !== "acl";
  return includes(resource === "intention" ? intentionLevel(deciding) : levelOf(deciding), access);
}

function levelOf(rules: readonly ModelRule[]): string {
  return strongest(rules.map(({ level }) => level));
}

/** Consul: a service rule without intentions lets them be read by a caller that may read the service. */
function intentionLevel(rules: readonly ModelRule[]): string {
  const byService = levelOf(rules) === "deny" ? "deny" : "read";
  return strongest(rules.map(({ intentions }) => intentions)) || byService;
}

/** Consul: one readable intention suffices to read all; one that is not writable forbids to write all. */
function modelMayAllIntentions(rules: readonly ModelRule[], otherwise: DefaultPolicy, access: Access): boolean {
  const services = rules.filter(({ resource }) => resource === "service");
  const levels = services.map((of) =>
    intentionLevel(services.filter((rule) => rule.isPrefix === of.isPrefix && rule.name === of.name)),
  );
  if (access === "read" && levels.some((level) => includes(level, "read"))) return true;
  if (access !== "read" && levels.some((level) => !includes(level, "write"))) return false;
  const prefixes = services.filter(({ isPrefix }) => isPrefix);
  return modelMay(prefixes, otherwise, { resource: "intention", access, name: "" });
}

/** Returns whether a token with these rules may delete all keys that begin with `prefix` together. */
export function modelMayWriteTree(rules: readonly ModelRule[], otherwise: DefaultPolicy, prefix: string): boolean {
  const keys = rules.filter(({ resource }) => resource === "key");
  const below = keys.filter(({ name }) => name.startsWith(prefix));
  const mayWrite = (of: readonly ModelRule[], name: string): boolean =>
    modelMay(of, otherwise, { resource: "key", access: "write", name });
  const ofKind = (kind: boolean): readonly ModelRule[] => keys.filter(({ isPrefix }) => isPrefix === kind);
  return mayWrite(ofKind(true), prefix) && below.every(({ isPrefix, name }) => mayWrite(ofKind(isPrefix), name));
}
