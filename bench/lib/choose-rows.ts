import type { Group } from "./row.ts";

/** The groups with the rows that are named, by their own names or their group's; all when none is. @throws for another name */
export function chooseRows(groups: readonly Group[], names: readonly string[]): readonly Group[] {
  const known = new Set(groups.flatMap((group) => [group.name, ...group.rows.map((row) => row.name)]));
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) throw new Error(`no row ${unknown}; there are ${listRows(groups)}`);
  if (names.length === 0) return groups;
  return groups
    .map((group) => ({
      ...group,
      rows: group.rows.filter((row) => names.includes(group.name) || names.includes(row.name)),
    }))
    .filter((group) => group.rows.length > 0);
}

function listRows(groups: readonly Group[]): string {
  return groups.map((group) => `${group.name} (${group.rows.map((row) => row.name).join(", ")})`).join(", ");
}
