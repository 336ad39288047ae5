import type { CheckDefinition } from "../../model/check.ts";
import type { KvEntry } from "../../model/kv-entry.ts";
import type { PreparedQuery } from "../../model/prepared-query.ts";
import type { ServiceDefinition } from "../../model/service.ts";
import type { KvTreeEntry } from "../../wire/kv-tree.ts";
import type { CarriedNode } from "./carried-node.ts";
import { checkText, nodeText, queryText, serviceText } from "./definition-text.ts";
import type { Found, Inventory } from "./inventory.ts";

/*
 * `praetor import` and `praetor export` transfer the content of a registry: from Consul, core-keeper, a dump or an export
 * folder.
 *
 *     a source (agent-inventory, keeper-inventory, dump-file, export-tree) ─▶ Inventory
 *     Inventory and the destination's content ─▶ plan.ts decides what to write, skip or replace ─▶ carry-out.ts sends it
 *
 * Invariants: nothing is written before the whole plan stands, and `-dry-run` prints that plan. An item that the destination has
 * with another value is written only with `-overwrite`. A repeated import writes only what is missing. Each item that is skipped
 * or changed has a sentence in the report.
 */

/**
 * The items of one kind in three groups: those that the destination lacks, those that it has with another value (`other`), and
 * the number of those that it has with the same value.
 */
export interface Difference<T, Here = T> {
  readonly missing: readonly T[];
  readonly other: readonly { readonly item: T; readonly here: Here }[];
  readonly same: number;
}

/**
 * The items of an import, by kind, compared with those of the destination. After an interrupted import, a new plan has fewer
 * missing items.
 */
export interface Plan {
  readonly keys: Difference<KvTreeEntry, KvEntry>;
  readonly services: Difference<ServiceDefinition>;
  readonly checks: Difference<CheckDefinition>;
  readonly nodes: Difference<CarriedNode>;
  readonly queries: Difference<PreparedQuery>;
}

export function planImport(
  { inventory: from, vagueChecks }: Pick<Found, "inventory" | "vagueChecks">,
  here: Inventory<KvEntry>,
): Plan {
  const services = withChecksHere(from.services, here.services, vagueChecks);
  const idOfCheck = ({ id }: CheckDefinition): string => id;
  return {
    keys: compare<KvTreeEntry, KvEntry>(from.keys, here.keys, { nameOf: ({ key }) => key, isSame: isSameValue }),
    services: compare(services, here.services, { nameOf: idOfService, isSame: sameBy(serviceText) }),
    checks: compare(from.checks, here.checks, { nameOf: idOfCheck, isSame: sameBy(checkText) }),
    nodes: compare(from.nodes, here.nodes, { nameOf: nameOfNode, isSame: sameBy(withoutStatus) }),
    queries: compare(from.queries, here.queries, { nameOf: ({ name }) => name, isSame: sameBy(queryText) }),
  };
}

/**
 * Returns the services to import. The destination's check replaces a check with the same id whose definition is incomplete in the
 * source.
 */
function withChecksHere(
  services: readonly ServiceDefinition[],
  here: readonly ServiceDefinition[],
  vagueChecks: ReadonlySet<string>,
): readonly ServiceDefinition[] {
  const byId = new Map(here.map((each) => [idOfService(each), each.checks]));
  return services.map(({ service, checks }) => {
    const known = (byId.get(service.id) ?? []).filter(({ id }) => vagueChecks.has(id));
    const others = checks.filter(({ id }) => !known.some((check) => check.id === id));
    return { service, checks: [...others, ...known].toSorted((a, b) => (a.id < b.id ? -1 : 1)) };
  });
}

function idOfService({ service }: ServiceDefinition): string {
  return service.id;
}

function nameOfNode({ node }: CarriedNode): string {
  return node.name;
}

function isSameValue(a: KvTreeEntry, b: KvTreeEntry): boolean {
  return a.flags === b.flags && Buffer.compare(a.value, b.value) === 0;
}

function sameBy<T>(textOf: (item: T) => string): (a: T, b: T) => boolean {
  return (a, b) => textOf(a) === textOf(b);
}

/** Returns the text of a node without the statuses of its checks, which may be newer at the destination. */
function withoutStatus({ node, services, checks }: CarriedNode): string {
  // The text also lacks the node's id, since the destination keeps the id that it has for the node.
  return nodeText({
    node: { ...node, id: "" },
    services,
    checks: checks.map((each) => ({ ...each, status: "passing" })),
  });
}

interface Comparison<T> {
  nameOf(this: void, item: T): string;
  isSame(this: void, a: T, b: T): boolean;
}

function compare<T, Here extends T>(
  wanted: readonly T[],
  present: readonly Here[],
  { nameOf, isSame }: Comparison<T>,
): Difference<T, Here> {
  const byName = new Map(present.map((item) => [nameOf(item), item]));
  const missing: T[] = [];
  const other: { item: T; here: Here }[] = [];
  for (const item of wanted) {
    const here = byName.get(nameOf(item));
    if (here === undefined) missing.push(item);
    else if (!isSame(item, here)) other.push({ item, here });
  }
  return { missing, other, same: wanted.length - missing.length - other.length };
}
