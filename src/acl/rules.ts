import { goQuote } from "../lib/go-quote.ts";
import { flattenJson } from "../lib/hcl/flatten.ts";
import { parseHcl } from "../lib/hcl/parser.ts";
import { HclError, type HclItem, type HclPlace, type HclValue } from "../lib/hcl/syntax.ts";

/** The resources that have no name. A rule for one of them is a level alone. */
const scalars = ["acl", "keyring", "operator"] as const;
export type ScalarResource = (typeof scalars)[number];

/** The resources whose rules name what they apply to, with Go's name of the rule's type and of its label in Consul. */
const named = {
  agent: { type: "AgentRule", label: "Node", isEnterprise: false },
  key: { type: "KeyRule", label: "Prefix", isEnterprise: true },
  node: { type: "NodeRule", label: "Name", isEnterprise: true },
  service: { type: "ServiceRule", label: "Name", isEnterprise: true },
  session: { type: "SessionRule", label: "Node", isEnterprise: false },
  event: { type: "EventRule", label: "Event", isEnterprise: false },
  query: { type: "PreparedQueryRule", label: "Prefix", isEnterprise: false },
} as const;
export type NamedResource = keyof typeof named;

/** The named resources, in the order in which Consul reads and validates them. */
export const namedResources: readonly NamedResource[] = [
  ...(["agent", "key", "node", "service", "session", "event", "query"] as const),
];

/** A block of a policy: `service "web" { policy = "write" intentions = "read" }`. */
export interface NamedRule {
  readonly name: string;
  /** The level as written: Consul compares levels of upper and of lower case differently. */
  readonly policy: string;
  /** The level for intentions, which only services have; "" if the rule names none. */
  readonly intentions: string;
}

/** The rules of one policy, as its text has them. */
export interface Rules {
  /** The level of each resource without a name; "" if the policy has no rule for it. */
  readonly scalars: Readonly<Record<ScalarResource, string>>;
  /** Rules for exactly one name. */
  readonly exact: Readonly<Record<NamedResource, readonly NamedRule[]>>;
  /** Rules for all names that begin with the rule's name. */
  readonly prefix: Readonly<Record<NamedResource, readonly NamedRule[]>>;
}

/** A policy's text that Consul refuses, too. The message is Consul's. */
export class RulesError extends Error {
  override readonly name = "RulesError";
}

/** The nesting of a policy has at most 3 levels, and unknown fields may have any. The limit protects the stack. */
export const rulesNestingMax = 64;

/**
 * Parses the text of a policy, HCL 1 or JSON. As in Consul, names match in any letter case, unknown names are ignored, and a
 * block without a label has one rule for each field in it, with the field's name as label.
 * @throws RulesError
 */
export function parseRules(text: string): Rules {
  const rules = readRules(parse(text));
  validate(rules);
  return rules;
}

function parse(text: string): readonly HclItem[] {
  try {
    const { isJson, items } = parseHcl(text, { nestingMax: rulesNestingMax });
    return isJson ? flattenJson(items) : items;
  } catch (error) {
    throw error instanceof HclError ? unparsable(error) : error;
  }
}

function unparsable(error: HclError): RulesError {
  return new RulesError(`Failed to parse ACL rules: ${error.message}`);
}

function readRules(items: readonly HclItem[]): Rules {
  const acl = readLevel(items, "acl", "root.acl");
  const exact = emptyRules();
  const prefix = emptyRules();
  for (const resource of namedResources) {
    exact[resource] = readBlocks(items, resource, resource);
    prefix[resource] = readBlocks(items, resource, `${resource}_prefix`);
  }
  const keyring = readLevel(items, "keyring", "root.keyring");
  return { scalars: { acl, keyring, operator: readLevel(items, "operator", "root.operator") }, exact, prefix };
}

export function emptyRules(): Record<NamedResource, readonly NamedRule[]> {
  return { agent: [], key: [], node: [], service: [], session: [], event: [], query: [] };
}

/** Returns the items of that name: those with a label, without their first key, and the values of those without. */
function itemsNamed(
  items: readonly HclItem[],
  name: string,
): { readonly labelled: readonly HclItem[]; readonly values: readonly HclValue[] } {
  const found = items.filter(({ keys }) => keys[0]?.name.toLowerCase() === name.toLowerCase());
  return {
    labelled: found.filter(({ keys }) => keys.length > 1).map((item) => ({ ...item, keys: item.keys.slice(1) })),
    values: found.filter(({ keys }) => keys.length === 1).map(({ value }) => value),
  };
}

/** Returns the text of the last field of that name; "" without one. */
function readLevel(items: readonly HclItem[], name: string, path: string): string {
  const { labelled, values } = itemsNamed(items, name);
  const [first] = labelled;
  if (first !== undefined) throw wrongType(placeOf(first), `${path}: unknown type for string *ast.ObjectList`);
  let level = "";
  for (const value of values) {
    const text = levelText(value);
    if (text === undefined)
      throw wrongType(placeOfContent(value), `${path}: unknown type for string ${goTypeOf(value, "ObjectList")}`);
    level = text;
  }
  return level;
}

function levelText(value: HclValue): string | undefined {
  if (value.kind === "string" || value.kind === "heredoc") return String(value.value);
  if (value.kind === "number") return value.text;
  return value.kind === "null" ? "" : undefined;
}

function readBlocks(items: readonly HclItem[], resource: NamedResource, name: string): readonly NamedRule[] {
  const { labelled, values } = itemsNamed(items, name);
  const rules = labelled.map((item, at) => readBlock(item, resource, `root.${name}[${at}]`));
  for (const value of values) {
    if (value.kind === "object")
      rules.push(...value.items.map((item, at) => readBlock(item, resource, `root.${name}[${at}]`)));
    else if (value.kind === "list") refuseList(value.items, resource, `root.${name}`);
    else throw wrongType(value.place, "unknown slice type: *ast.LiteralType");
  }
  return rules;
}

/** Refuses a list, whose elements have no label. */
function refuseList(values: readonly HclValue[], resource: NamedResource, path: string): void {
  const [first] = values;
  if (first === undefined) return;
  const reason =
    first.kind === "object"
      ? `${named[resource].label} asked for 'key', impossible`
      : `not an object type for struct (${goTypeOf(first)})`;
  throw wrongType(placeOfContent(first), `${path}[0]: ${reason}`);
}

function readBlock(item: HclItem, resource: NamedResource, path: string): NamedRule {
  const fields = fieldsOf(item, path);
  return {
    name: item.keys[0]?.name ?? "",
    policy: readLevel(fields, "policy", `${path}.Policy`),
    intentions: resource === "service" ? readLevel(fields, "intentions", `${path}.Intentions`) : "",
  };
}

/** Consul: of two labels, the second is the name of a block inside the first; any more are ignored. */
function fieldsOf(item: HclItem, path: string): readonly HclItem[] {
  const { keys, value } = item;
  if (keys.length === 2) return [{ ...item, keys: keys.slice(1) }];
  if (value.kind === "object") return value.items;
  if (value.kind === "list") throw wrongType(value.place, `${path}: not an object type for struct (*ast.ListType)`);
  return [item];
}

function wrongType(place: HclPlace, reason: string): RulesError {
  return unparsable(new HclError(place, reason));
}

function goTypeOf(value: HclValue, object = "ObjectType"): string {
  return `*ast.${value.kind === "object" ? object : value.kind === "list" ? "ListType" : "LiteralType"}`;
}

function placeOf(item: HclItem): HclPlace {
  return item.keys[0]?.place ?? item.value.place;
}

/** Returns the place of an object's first field. Consul crashes where it needs that of an empty object; returns its brace. */
function placeOfContent(value: HclValue): HclPlace {
  const [first] = value.kind === "object" ? value.items : [];
  return first === undefined ? value.place : placeOf(first);
}

function validate({ scalars: levels, exact, prefix }: Rules): void {
  validateScalar("acl", levels.acl);
  for (const resource of namedResources) {
    for (const rule of exact[resource]) validateRule(resource, resource, rule);
    for (const rule of prefix[resource]) validateRule(resource, `${resource}_prefix`, rule);
  }
  validateScalar("keyring", levels.keyring);
  validateScalar("operator", levels.operator);
}

function validateScalar(name: ScalarResource, level: string): void {
  if (level !== "" && !isLevel(level, false)) throw new RulesError(`Invalid ${name} policy: ${goQuote(level)}`);
}

function validateRule(resource: NamedResource, name: string, rule: NamedRule): void {
  if (!isLevel(rule.policy, resource === "key"))
    throw new RulesError(`Invalid ${name} policy: ${goForm(resource, rule)}`);
  if (rule.intentions !== "" && !isLevel(rule.intentions, false))
    throw new RulesError(`Invalid ${name} intentions policy: ${goForm(resource, rule)}`);
}

function isLevel(text: string, isListAllowed: boolean): boolean {
  const level = text.toLowerCase();
  return level === "read" || level === "write" || level === "deny" || (level === "list" && isListAllowed);
}

/** Formats a rule as Go's verb %#v does, as Consul's errors have it. */
function goForm(resource: NamedResource, rule: NamedRule): string {
  const { type, label, isEnterprise } = named[resource];
  const fields = [`${label}:${goQuote(rule.name)}`, `Policy:${goQuote(rule.policy)}`];
  if (resource === "service") fields.push(`Intentions:${goQuote(rule.intentions)}`);
  if (isEnterprise) fields.push("EnterpriseRule:acl.EnterpriseRule{}");
  return `&acl.${type}{${fields.join(", ")}}`;
}
