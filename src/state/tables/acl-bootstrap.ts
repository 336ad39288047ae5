import type { OrderedTable } from "../../lib/ordered-map.ts";
import type { RowIndexes } from "../../model/node.ts";
import { jsonCodec } from "../rows.ts";
import { record, rowIndexes } from "./shape.ts";
import { samePlace, type Table } from "./table.ts";

export interface AclBootstrapTables {
  /**
   * One row, under `bootstrapKey`, once access control has its first management token. Its modifyIndex is the number that a
   * client must give to bootstrap again.
   */
  readonly aclBootstrap: OrderedTable<RowIndexes>;
}

export const bootstrapKey = "bootstrap";

export const aclBootstrap: Table<RowIndexes, keyof AclBootstrapTables> = {
  name: "acl-bootstrap",
  rows: "aclBootstrap",
  key: () => bootstrapKey,
  place: samePlace,
  ...jsonCodec<RowIndexes>(),
  isSound: record({ ...rowIndexes }),
  indexes: [],
  mayRead: (_row, rights) => rights.may("acl", "read"),
  topics: () => [],
};
