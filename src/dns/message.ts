import type { Name } from "./name.ts";

/** Numbers of record types: RFC 1035, 3596, 2782, 6891. */
export const types = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  AXFR: 252,
  ANY: 255,
} as const;

/** Response codes: RFC 1035, section 4.1.1. */
export const rcodes = {
  success: 0,
  formatError: 1,
  serverFailure: 2,
  nameError: 3,
  notImplemented: 4,
  refused: 5,
} as const;
export type Rcode = (typeof rcodes)[keyof typeof rcodes];

/** The number of the class IN. Consul has no records of another class. */
export const internet = 1;

export interface Question {
  /** The name in the client's letter case, which the answer repeats. */
  readonly name: Name;
  readonly type: number;
  readonly class: number;
}

/** A client's OPT record (RFC 6891) with its subnet option (RFC 7871). */
export interface Edns {
  readonly udpBytes: number;
  readonly subnet: ClientSubnet | undefined;
}

export interface ClientSubnet {
  /** The number of the address family: 1 is IPv4, 2 is IPv6. */
  readonly family: number;
  readonly prefixLength: number;
  /** The octets of the address that the prefix covers. */
  readonly address: readonly number[];
}

export interface DnsQuery {
  readonly id: number;
  /** The second 16-bit word of the header, as the client sent it: RFC 1035, section 4.1.1. */
  readonly flags: number;
  readonly question: Question;
  readonly edns: Edns | undefined;
}

/** A query that is answered with an error code and without records. */
export interface Refusal {
  readonly id: number;
  /** The header's second word, as in `DnsQuery`. */
  readonly flags: number;
  readonly rcode: Rcode;
  /** The query's question; undefined if the question could not be decoded. */
  readonly question: Question | undefined;
}

export interface ResourceRecord {
  readonly name: Name;
  readonly ttlS: number;
  readonly data: RecordContent;
}

export type RecordContent =
  | { readonly type: "A" | "AAAA"; readonly address: string }
  | { readonly type: "CNAME" | "NS" | "PTR"; readonly target: Name }
  | Srv
  | { readonly type: "TXT"; readonly text: string }
  | Soa;

export interface Srv {
  readonly type: "SRV";
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: Name;
}

export interface Soa {
  readonly type: "SOA";
  readonly server: Name;
  readonly mailbox: Name;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minTtl: number;
}

/** The answer to a query, before `encodeFitting` fits it to a message's size. */
export interface Reply {
  readonly rcode: Rcode;
  readonly authoritative: boolean;
  readonly answers: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  readonly additional: readonly ResourceRecord[];
  /** Whether the answers are instances of one service, so that some of them are enough for a client. */
  readonly canBePartial?: boolean;
  /** Whether other clients may get different answers, since the answer depends on the client's address. */
  readonly isClientSpecific?: boolean;
}
