import type { Limit } from "./limit.ts";
import type { Group } from "./row.ts";

/** The benchmark rows that a run of `make bench` measures. */
export interface Choice {
  readonly groups: readonly Group[];
  readonly limits: readonly Limit[];
}

const limitsName = "limits";

interface Named {
  readonly name: string;
  readonly rows: readonly { readonly name: string }[];
}

/**
 * Returns the benchmark rows with one of these names, and those of groups with one of these names; all rows if there are no
 * names.
 * @throws Error for a name of neither a row nor a group
 */
export function chooseRows(all: Choice, names: readonly string[]): Choice {
  const unknown = names.find((name) => !namesOf(all).has(name));
  if (unknown !== undefined) throw new Error(`no row ${unknown}; there are ${listRows(all)}`);
  if (names.length === 0) return all;
  const among = <T extends { readonly name: string }>(group: string, rows: readonly T[]): readonly T[] =>
    rows.filter((row) => names.includes(group) || names.includes(row.name));
  const groups = all.groups.map((group) => ({ ...group, rows: among(group.name, group.rows) }));
  return { groups: groups.filter((group) => group.rows.length > 0), limits: among(limitsName, all.limits) };
}

function namesOf(all: Choice): ReadonlySet<string> {
  return new Set(groupsOf(all).flatMap(({ name, rows }) => [name, ...rows.map((row) => row.name)]));
}

function listRows(all: Choice): string {
  return groupsOf(all)
    .map(({ name, rows }) => `${name} (${rows.map((row) => row.name).join(", ")})`)
    .join(", ");
}

function groupsOf({ groups, limits }: Choice): readonly Named[] {
  return [...groups, { name: limitsName, rows: limits }];
}
