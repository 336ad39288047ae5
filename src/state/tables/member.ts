import type { OrderedTable } from "../../lib/ordered-map.ts";
import { nodeIdOf, type MemberRow } from "../../model/member.ts";
import { rowKey } from "../row-key.ts";
import { jsonCodec } from "../rows.ts";
import { fold, topics } from "../topics.ts";
import { nowhere, samePlace, type Table } from "./table.ts";

export interface MemberTables {
  /** All agents that are or were linked with a server, by name in lower case. */
  readonly members: OrderedTable<MemberRow>;
  /** The name of each member, by the id of its node in lower case. */
  readonly memberNames: OrderedTable<string>;
}

/** A snapshot does not include these rows, because the cluster that restores it may have other agents. */
export const members: Table<MemberRow, keyof MemberTables> = {
  name: "members",
  rows: "members",
  key: (row) => rowKey(row.name),
  place: samePlace,
  ...jsonCodec<MemberRow>(),
  indexes: [{ name: "memberNames", places: placesOf, value: (row) => row.name }],
  mayRead: ({ name }, rights) => rights.may("node", "read", name),
  topics: () => [topics.members],
};

function placesOf(row: MemberRow): readonly string[] {
  const id = nodeIdOf(row);
  return id === "" ? nowhere : [fold(id)];
}
