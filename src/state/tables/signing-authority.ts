import type { OrderedTable } from "../../lib/ordered-map.ts";
import type { SigningAuthorityRow } from "../../model/signing-authority.ts";
import { jsonCodec } from "../rows.ts";
import { samePlace, type Table } from "./table.ts";

export interface SigningAuthorityTables {
  /** One row, under `signingAuthorityKey`, as soon as a server may sign certificates. */
  readonly signingAuthority: OrderedTable<SigningAuthorityRow>;
}

export const signingAuthorityKey = "own";

/**
 * A snapshot does not include this row, because it has a private key. Consul: a snapshot has the key of its authority in plain text.
 */
export const signingAuthority: Table<SigningAuthorityRow, keyof SigningAuthorityTables> = {
  name: "signing-authority",
  rows: "signingAuthority",
  key: () => signingAuthorityKey,
  place: samePlace,
  ...jsonCodec<SigningAuthorityRow>(),
  indexes: [],
  // Only the servers themselves read it.
  mayRead: () => false,
  topics: () => [],
};
