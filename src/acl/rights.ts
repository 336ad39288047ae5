import {
  emptyRules,
  type NamedResource,
  namedResources,
  type NamedRule,
  type Rules,
  type ScalarResource,
} from "./rules.ts";

export type Resource = ScalarResource | NamedResource | "intention";
export type Access = "read" | "list" | "write";

/** Answers whether a token may do something. */
export interface Rights {
  /**
   * Returns whether the access is allowed. `name` is the name of the node, service, key, ...; acl, keyring and operator have none.
   * The intention `*` stands for those of all services.
   */
  may(resource: Resource, access: Access, name?: string): boolean;
  /** Returns whether all keys that begin with `prefix` may be deleted together. */
  mayWriteTree(prefix: string): boolean;
}

/** The rights of a caller that may do everything: a part of the agent, or any client while access control is off. */
export const everything: Rights = { may: () => true, mayWriteTree: () => true };

/** The rights of a caller that may do nothing. */
export const nothing: Rights = { may: () => false, mayWriteTree: () => false };

/**
 * Rights of a caller whose refusals are only recorded: they allow everything but access control's own objects, whose secrets would
 * outlast the observation.
 */
export class ObservingRights implements Rights {
  readonly real: Rights;
  readonly #record: RecordRefusal;

  /** @param real decides what is recorded */
  constructor(real: Rights, record: RecordRefusal) {
    this.real = real;
    this.#record = record;
  }

  may(resource: Resource, access: Access, name = ""): boolean {
    if (this.real.may(resource, access, name)) return true;
    if (resource === "acl") return false;
    this.#record(resource, access, name);
    return true;
  }

  mayWriteTree(prefix: string): boolean {
    if (!this.real.mayWriteTree(prefix)) this.#record("key", "write-prefix", prefix);
    return true;
  }
}

/** An access, or the deletion of all keys that begin with a name. */
export type RefusedAccess = Access | "write-prefix";

type RecordRefusal = (resource: Resource, access: RefusedAccess, name: string) => void;

/**
 * Returns whether the rights answer `ask` with yes. Asks the real rights first if refusals are only recorded, since `ask` may name
 * several permissions of which one suffices.
 */
export function allows(rights: Rights, ask: (rights: Rights) => boolean): boolean {
  return (rights instanceof ObservingRights && ask(rights.real)) || ask(rights);
}

/** Consul's text in place of a secret that the caller may not see. */
export const hiddenSecret = "<hidden>";

/** Returns the rights of the agent master token, which only its own agent knows: to use the agent, and to read all nodes. */
export function agentMasterRights(nodeName: string): Rights {
  const rules: Rules = {
    scalars: { acl: "", keyring: "", operator: "" },
    exact: { ...emptyRules(), agent: [{ name: nodeName, policy: "write", intentions: "" }] },
    prefix: { ...emptyRules(), node: [{ name: "", policy: "read", intentions: "" }] },
  };
  return rightsOf([rules], "deny");
}

/**
 * Merges the rules of a token's policies and returns the rights that they give. `otherwise` decides where no rule does; "allow"
 * does not include acl. The rules do not change.
 */
export function rightsOf(policies: readonly Rules[], otherwise: "allow" | "deny"): Rights {
  return new MergedRights(policies, otherwise === "allow");
}

/** A level as a number. An access needs at least its own level. */
type Level = 0 | 1 | 2 | 3;
const deny: Level = 0;
const read: Level = 1;
const write: Level = 3;
const levels: Readonly<Record<Access | "deny", Level>> = { deny, read, list: 2, write };

/** In a merge, the level of the higher rank wins. Consul: a level in upper case has no rank, so it loses to each other. */
const ranks: Readonly<Record<string, number>> = { read: 1, list: 2, write: 3, deny: 4 };

class MergedRights implements Rights {
  readonly #allowsOtherwise: boolean;
  readonly #scalars = new Map<Resource, Level>();
  readonly #tables: ReadonlyMap<Resource, Table>;
  readonly #keys: Table;
  readonly #intentions: Table;

  constructor(policies: readonly Rules[], allowsOtherwise: boolean) {
    this.#allowsOtherwise = allowsOtherwise;
    for (const resource of ["acl", "keyring", "operator"] as const) {
      const level = policies.reduce((merged, { scalars }) => stronger(merged, scalars[resource]), "");
      if (level !== "") this.#scalars.set(resource, levelOf(level));
    }
    this.#keys = tableOf(policies, "key", policyLevel);
    this.#intentions = tableOf(policies, "service", intentionLevel);
    this.#tables = new Map<Resource, Table>([
      ...namedResources.map((resource) => [resource, tableOf(policies, resource, policyLevel)] as const),
      ["key", this.#keys],
      ["intention", this.#intentions],
    ]);
  }

  may(resource: Resource, access: Access, name = ""): boolean {
    if (resource === "intention" && name === "*") return this.#mayAllIntentions(access);
    const table = this.#tables.get(resource);
    const level = table === undefined ? this.#scalars.get(resource) : table.levelFor(name);
    if (level !== undefined) return level >= levels[access];
    return this.#allowsOtherwise && resource !== "acl";
  }

  mayWriteTree(prefix: string): boolean {
    const level = this.#keys.prefixLevelFor(prefix);
    if (level !== undefined && level < write) return false;
    return !this.#keys.hasUnwritable(prefix) && (level !== undefined || this.#allowsOtherwise);
  }

  /** Consul: one readable intention suffices to read all; one that is not writable forbids to write all. */
  #mayAllIntentions(access: Access): boolean {
    if (access === "read" && this.#intentions.highest >= read) return true;
    if (access !== "read" && this.#intentions.lowest < write) return false;
    const level = this.#intentions.prefixLevelFor("");
    return level === undefined ? this.#allowsOtherwise : level >= levels[access];
  }
}

/** A rule for all names that begin with `name`. */
interface PrefixRule {
  readonly name: string;
  readonly level: Level;
  /** The rule for the next shorter prefix of the name. */
  readonly shorter: PrefixRule | undefined;
  /**
   * A rule for a still shorter prefix, so chosen that of n rules for prefixes of one name, the longest one that matches another
   * name is found in some log n steps (Myers, An Applicative Random-Access Stack, 1983).
   */
  readonly muchShorter: PrefixRule | undefined;
  /** The number of rules for prefixes of the name, this one included. */
  readonly depth: number;
}

/** The merged rules for one resource. */
class Table {
  /** The lowest and the highest level of all rules: write and deny if there are none. */
  readonly lowest: Level;
  readonly highest: Level;
  readonly #exact: ReadonlyMap<string, Level>;
  /** Sorted by name: all rules between a name and the longest prefix that matches it begin with that prefix. */
  readonly #prefixes: readonly PrefixRule[];
  /** The names of all rules that do not allow to write, sorted. */
  readonly #unwritable: readonly string[];

  constructor(exact: ReadonlyMap<string, Level>, prefix: ReadonlyMap<string, Level>) {
    this.#exact = exact;
    this.#prefixes = linkedPrefixes(prefix);
    const all = [...exact, ...prefix];
    this.lowest = all.reduce<Level>((lowest, [, level]) => (level < lowest ? level : lowest), write);
    this.highest = all.reduce<Level>((highest, [, level]) => (level > highest ? level : highest), deny);
    this.#unwritable = all
      .filter(([, level]) => level < write)
      .map(([name]) => name)
      .toSorted(byCodeUnits);
  }

  /** Returns the level for a name: that of its exact rule, else of the longest prefix; undefined without either. */
  levelFor(name: string): Level | undefined {
    return this.#exact.get(name) ?? this.prefixLevelFor(name);
  }

  prefixLevelFor(name: string): Level | undefined {
    const after = countBefore(this.#prefixes.length, (at) => (this.#prefixes[at]?.name ?? "") <= name);
    let rule = this.#prefixes[after - 1];
    while (rule !== undefined && !name.startsWith(rule.name)) {
      // A prefix that does not match has no longer one that does.
      const { muchShorter } = rule;
      rule = muchShorter !== undefined && !name.startsWith(muchShorter.name) ? muchShorter : rule.shorter;
    }
    return rule?.level;
  }

  /** Returns whether a rule that does not allow to write has a name that begins with `prefix`. */
  hasUnwritable(prefix: string): boolean {
    const first = countBefore(this.#unwritable.length, (at) => (this.#unwritable[at] ?? "") < prefix);
    return this.#unwritable[first]?.startsWith(prefix) ?? false;
  }
}

/** Returns for how many of `count` sorted elements `isBefore` holds, all of which precede the others. */
function countBefore(count: number, isBefore: (at: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function linkedPrefixes(levelByName: ReadonlyMap<string, Level>): readonly PrefixRule[] {
  const linked: PrefixRule[] = [];
  for (const [name, level] of [...levelByName].toSorted(([a], [b]) => byCodeUnits(a, b))) {
    let shorter = linked.at(-1);
    while (shorter !== undefined && !name.startsWith(shorter.name)) ({ shorter } = shorter);
    linked.push({ name, level, shorter, muchShorter: muchShorterThan(shorter), depth: depthOf(shorter) + 1 });
  }
  return linked;
}

/** Returns the rule to which the rule after `shorter` skips: `shorter` itself, or as far again as two equal skips reach. */
function muchShorterThan(shorter: PrefixRule | undefined): PrefixRule | undefined {
  const once = shorter?.muchShorter;
  const twice = once?.muchShorter;
  return depthOf(shorter) - depthOf(once) === depthOf(once) - depthOf(twice) ? twice : shorter;
}

function depthOf(rule: PrefixRule | undefined): number {
  return rule?.depth ?? 0;
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The table of the many resources about which the policies of a token say nothing. */
const noRules = new Table(new Map(), new Map());

function tableOf(policies: readonly Rules[], resource: NamedResource, level: (rule: NamedRule) => Level): Table {
  if (policies.every(({ exact, prefix }) => exact[resource].length === 0 && prefix[resource].length === 0))
    return noRules;
  const merged = (kind: "exact" | "prefix"): ReadonlyMap<string, Level> =>
    new Map([...mergedRules(policies, resource, kind)].map(([name, rule]) => [name, level(rule)]));
  return new Table(merged("exact"), merged("prefix"));
}

function mergedRules(
  policies: readonly Rules[],
  resource: NamedResource,
  kind: "exact" | "prefix",
): ReadonlyMap<string, NamedRule> {
  const merged = new Map<string, NamedRule>();
  for (const rules of policies) {
    for (const rule of rules[kind][resource]) {
      const { name } = rule;
      const earlier = merged.get(name);
      const policy = earlier === undefined ? rule.policy : stronger(earlier.policy, rule.policy);
      const intentions = earlier === undefined ? rule.intentions : stronger(earlier.intentions, rule.intentions);
      merged.set(name, { name, policy, intentions });
    }
  }
  return merged;
}

function stronger(earlier: string, later: string): string {
  return (ranks[later] ?? 0) > (ranks[earlier] ?? 0) ? later : earlier;
}

function levelOf(text: string): Level {
  const level = text.toLowerCase();
  return level === "read" || level === "list" || level === "write" ? levels[level] : deny;
}

function policyLevel({ policy }: NamedRule): Level {
  return levelOf(policy);
}

/** Consul: a service rule without intentions lets them be read by who may read the service. A level in upper case does not. */
function intentionLevel({ policy, intentions }: NamedRule): Level {
  if (intentions !== "") return levelOf(intentions);
  return policy === "read" || policy === "write" ? read : deny;
}
