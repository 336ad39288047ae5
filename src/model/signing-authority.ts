import type { RowIndexes } from "./node.ts";

/** The authority with which the servers sign the certificates of client agents (auto_encrypt). */
export interface SigningAuthority {
  /** The first part of each name that the authority signs: "<uuid>.consul". */
  readonly trustDomain: string;
  /** The authority's own certificate, in PEM. */
  readonly certificate: string;
  /** The private key, in PEM. It is in the servers' stores alone: no endpoint and no snapshot contains it. */
  readonly key: string;
}

export type SigningAuthorityRow = SigningAuthority & RowIndexes;
