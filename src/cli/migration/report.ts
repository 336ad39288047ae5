import type { ServiceDefinition } from "../../model/service.ts";
import { columns } from "../columns.ts";
import { printable } from "../printable.ts";
import type { CarriedOut } from "./carry-out.ts";
import type { Found, Inventory } from "./inventory.ts";
import type { Difference, Plan } from "./plan.ts";

export interface ReportOptions {
  readonly overwrite: boolean;
  readonly verbose: boolean;
}

/** Formats a plan as a table, followed with -verbose by the name of each item. */
export function planText(plan: Plan, { overwrite, verbose }: ReportOptions): string {
  const kinds = kindsOf(plan).filter(({ missing, other, same }) => missing.length + other.length + same > 0);
  if (kinds.length === 0) return "There is nothing to import.\n";
  const head = ["", "new", overwrite ? "overwritten" : "kept as here", "the same"];
  const rows = kinds.map(({ noun, missing, other, same }) => [noun, `${missing.length}`, `${other.length}`, `${same}`]);
  const names = kinds.flatMap(({ noun, missing, other }) => [
    ...missing.map((name) => `new: ${noun} ${printable(name)}\n`),
    ...other.map((name) => `${overwrite ? "overwritten" : "kept as here"}: ${noun} ${printable(name)}\n`),
  ]);
  const keptHere = overwrite ? 0 : kinds.reduce((sum, { other }) => sum + other.length, 0);
  const hint = verbose ? "-overwrite takes the others" : "-verbose lists them, -overwrite takes the others";
  return [
    columns([head, ...rows]),
    ...(verbose ? names : []),
    keptHere === 0 ? "" : `Kept are those that are otherwise here: ${hint}.\n`,
  ].join("");
}

interface Kind {
  readonly noun: string;
  readonly missing: readonly string[];
  readonly other: readonly string[];
  readonly same: number;
}

function kindsOf({ keys, services, checks, nodes, queries }: Plan): readonly Kind[] {
  return [
    named("keys", keys, ({ key }) => key),
    named("services", services, ({ service }) => service.id),
    named("checks of the node", checks, ({ id }) => id),
    named("other nodes", nodes, ({ node }) => node.name),
    named("prepared queries", queries, ({ name }) => JSON.stringify(name)),
  ];
}

function named<T, Here>(
  noun: string,
  { missing, other, same }: Difference<T, Here>,
  nameOf: (item: T) => string,
): Kind {
  return { noun, same, missing: missing.map(nameOf), other: other.map(({ item }) => nameOf(item)) };
}

export function remarksText(remarks: readonly string[]): string {
  return remarks.map((remark) => `${printable(remark)}\n`).join("");
}

/**
 * Formats the remarks about checks of the imported services.
 * @param checksHere ids of the destination's checks, which the import does not change
 */
export function checksText(
  { checkRemarks }: Pick<Found, "checkRemarks">,
  {
    services,
    checksHere,
  }: { readonly services: readonly ServiceDefinition[]; readonly checksHere: ReadonlySet<string> },
): string {
  const taken = new Map(services.map((each) => [each.service.id, each]));
  const relevant = checkRemarks.filter(
    ({ id, serviceId }) => !checksHere.has(id) && (serviceId === "" || taken.has(serviceId)),
  );
  const incomplete = [...new Set(relevant.filter(({ isLost }) => isLost).map(({ serviceId }) => serviceId))];
  const unchecked = incomplete.filter((id) => taken.get(id)?.checks.length === 0);
  return remarksText([
    ...relevant.map(({ text }) => text),
    ...unchecked.map(
      (id) =>
        `The service ${id} has no check here, so it counts as healthy whatever becomes of it: restart it if it registers ` +
        "itself, else register its check again.",
    ),
  ]);
}

/** Returns the ids of all checks of an inventory. */
export function checkIds({ services, checks }: Pick<Inventory, "services" | "checks">): ReadonlySet<string> {
  return new Set([...checks, ...services.flatMap((each) => each.checks)].map(({ id }) => id));
}

/** Returns a text about the items that were not imported; "" if all were. */
export function outcomeText({ done, total, failures, cutShort }: CarriedOut): string {
  const refused = failures.map((failure) => `Not imported: ${printable(failure)}\n`).join("");
  if (cutShort === undefined && failures.length === 0) return "";
  const reason = cutShort ?? "The import is incomplete";
  const advice = cutShort === undefined ? "Fix the errors above and run it again" : "Run it again";
  return `${refused}${reason}: ${done} of ${total} items are imported. ${advice}: it imports only what is missing.\n`;
}
