import type { OrderedTable } from "../../lib/ordered-map.ts";
import type { AclRoleRow } from "../../model/acl.ts";
import { rowKey } from "../row-key.ts";
import { jsonCodec } from "../rows.ts";
import { fold, topics } from "../topics.ts";
import { list, record, rowIndexes, type Shape, text } from "./shape.ts";
import { samePlace, type Table } from "./table.ts";

export interface AclRoleTables {
  /** All roles, by id in lower case. */
  readonly aclRoles: OrderedTable<AclRoleRow>;
  /** All roles, by name in lower case. */
  readonly aclRoleNames: OrderedTable<AclRoleRow>;
}

/** The shapes of the identities, which roles and tokens have. */
export const identities: Readonly<Record<"serviceIdentities" | "nodeIdentities", Shape>> = {
  serviceIdentities: list(record({ serviceName: text, datacenters: list(text) })),
  nodeIdentities: list(record({ nodeName: text, datacenter: text })),
};

export const aclRoles: Table<AclRoleRow, keyof AclRoleTables> = {
  name: "acl-roles",
  rows: "aclRoles",
  key: (row) => rowKey(row.id),
  place: samePlace,
  ...jsonCodec<AclRoleRow>(),
  isSound: record({ id: text, name: text, description: text, policies: list(text), ...identities, ...rowIndexes }),
  indexes: [{ name: "aclRoleNames", places: (row) => [fold(row.name)] }],
  mayRead: (_row, rights) => rights.may("acl", "read"),
  topics: () => [topics.aclRoles],
};
