import { hiddenSecret } from "../../acl/rights.ts";
import type { OrderedTable } from "../../lib/ordered-map.ts";
import type { AclTokenRow } from "../../model/acl.ts";
import { kvOrder, rowKey } from "../row-key.ts";
import { jsonCodec } from "../rows.ts";
import { topics } from "../topics.ts";
import { identities } from "./acl-role.ts";
import { boolean, list, oneOf, orAbsent, orNull, record, rowIndexes, text } from "./shape.ts";
import { samePlace, type Table } from "./table.ts";

export interface AclTokenTables {
  /** All tokens, by accessor in lower case. */
  readonly aclTokens: OrderedTable<AclTokenRow>;
  /** All tokens, in the order of their secrets' UTF-8 bytes (see kvOrder). Secrets differ by letter case. */
  readonly aclTokenSecrets: OrderedTable<AclTokenRow>;
}

export const aclTokens: Table<AclTokenRow, keyof AclTokenTables> = {
  name: "acl-tokens",
  rows: "aclTokens",
  key: (row) => rowKey(row.accessorId),
  place: samePlace,
  ...jsonCodec<AclTokenRow>(),
  isSound: record({
    ...{ accessorId: text, secretId: text, description: text, policies: list(text), roles: list(text), local: boolean },
    ...{ authMethod: text, expirationTime: orNull(text), createTime: text, rules: text, user: orAbsent(text) },
    ...{ type: oneOf(["", "client", "management"]), ...identities, ...rowIndexes },
  }),
  indexes: [{ name: "aclTokenSecrets", places: (row) => [kvOrder(row.secretId)] }],
  mayRead: (_row, rights) => rights.may("acl", "read"),
  redact: (row, rights) => (rights.may("acl", "write") ? row : { ...row, secretId: hiddenSecret }),
  topics: () => [topics.aclTokens],
};
