import { isRecord } from "../../lib/is-record.ts";
import type { OrderedTable } from "../../lib/ordered-map.ts";
import type { AclAuthMethodRow } from "../../model/acl.ts";
import { rowKey } from "../row-key.ts";
import { jsonCodec } from "../rows.ts";
import { topics } from "../topics.ts";
import { number, record, rowIndexes, text } from "./shape.ts";
import { samePlace, type Table } from "./table.ts";

export interface AclAuthMethodTables {
  /** All auth methods, by name in lower case. */
  readonly aclAuthMethods: OrderedTable<AclAuthMethodRow>;
}

export const aclAuthMethods: Table<AclAuthMethodRow, keyof AclAuthMethodTables> = {
  name: "acl-auth-methods",
  rows: "aclAuthMethods",
  key: (row) => rowKey(row.name),
  place: samePlace,
  ...jsonCodec<AclAuthMethodRow>(),
  isSound: record({
    ...{ name: text, type: text, displayName: text, description: text, maxTokenTtlMs: number, tokenLocality: text },
    ...{ config: isRecord, ...rowIndexes },
  }),
  indexes: [],
  mayRead: (_row, rights) => rights.may("acl", "read"),
  topics: () => [topics.aclAuthMethods],
};
