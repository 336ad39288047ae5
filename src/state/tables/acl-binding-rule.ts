import type { OrderedTable } from "../../lib/ordered-map.ts";
import type { AclBindingRuleRow } from "../../model/acl.ts";
import { rowKey } from "../row-key.ts";
import { jsonCodec } from "../rows.ts";
import { topics } from "../topics.ts";
import { record, rowIndexes, text } from "./shape.ts";
import { samePlace, type Table } from "./table.ts";

export interface AclBindingRuleTables {
  /** All binding rules, by id in lower case. */
  readonly aclBindingRules: OrderedTable<AclBindingRuleRow>;
}

export const aclBindingRules: Table<AclBindingRuleRow, keyof AclBindingRuleTables> = {
  name: "acl-binding-rules",
  rows: "aclBindingRules",
  key: (row) => rowKey(row.id),
  place: samePlace,
  ...jsonCodec<AclBindingRuleRow>(),
  isSound: record({
    ...{ id: text, description: text, authMethod: text, selector: text, bindType: text, bindName: text },
    ...rowIndexes,
  }),
  indexes: [],
  mayRead: (_row, rights) => rights.may("acl", "read"),
  topics: () => [topics.aclBindingRules],
};
