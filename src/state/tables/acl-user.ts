import type { OrderedTable } from "../../lib/ordered-map.ts";
import type { AclUserRow } from "../../model/acl.ts";
import { rowKey } from "../row-key.ts";
import { jsonCodec } from "../rows.ts";
import { topics } from "../topics.ts";
import { list, record, rowIndexes, text } from "./shape.ts";
import { samePlace, type Table } from "./table.ts";

export interface AclUserTables {
  /** All users, by auth method and name in lower case. */
  readonly aclUsers: OrderedTable<AclUserRow>;
}

export const aclUsers: Table<AclUserRow, keyof AclUserTables> = {
  name: "acl-users",
  rows: "aclUsers",
  key: (row) => rowKey(row.authMethod, row.name),
  place: samePlace,
  ...jsonCodec<AclUserRow>(),
  isSound: record({ authMethod: text, name: text, groups: list(text), passwordHash: text, ...rowIndexes }),
  indexes: [],
  mayRead: (_row, rights) => rights.may("acl", "read"),
  redact: (row) => ({ ...row, passwordHash: "" }),
  topics: () => [topics.aclUsers],
};
