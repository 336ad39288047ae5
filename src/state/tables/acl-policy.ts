import type { OrderedTable } from "../../lib/ordered-map.ts";
import type { AclPolicyRow } from "../../model/acl.ts";
import { rowKey } from "../row-key.ts";
import { jsonCodec } from "../rows.ts";
import { fold, topics } from "../topics.ts";
import { list, record, rowIndexes, text } from "./shape.ts";
import { samePlace, type Table } from "./table.ts";

export interface AclPolicyTables {
  /** All policies, by id in lower case. */
  readonly aclPolicies: OrderedTable<AclPolicyRow>;
  /** All policies, by name in lower case. */
  readonly aclPolicyNames: OrderedTable<AclPolicyRow>;
}

export const aclPolicies: Table<AclPolicyRow, keyof AclPolicyTables> = {
  name: "acl-policies",
  rows: "aclPolicies",
  key: (row) => rowKey(row.id),
  place: samePlace,
  ...jsonCodec<AclPolicyRow>(),
  isSound: record({ id: text, name: text, description: text, rules: text, datacenters: list(text), ...rowIndexes }),
  indexes: [{ name: "aclPolicyNames", places: (row) => [fold(row.name)] }],
  mayRead: (_row, rights) => rights.may("acl", "read"),
  topics: () => [topics.aclPolicies],
};
