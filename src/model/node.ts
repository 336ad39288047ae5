/*
 * model/ has the nouns that all layers share: node, service, check, key, session, prepared query, port record and so on. A noun
 * is an interface of readonly fields, with the pure functions that only need the noun itself.
 *
 * Life cycle of a noun: wire/ or config/ makes it, state/ keeps it as a row with its indexes (RowIndexes), and it is never
 * changed: a change is a new object.
 *
 * Invariants: nothing here does I/O, reads a clock, or knows a JSON field name. Absent values are "", 0, null or undefined as
 * the field's comment says, because Consul's answers distinguish them.
 */

/** The indexes of a row: of the write that created it and of the write that last changed it. */
export interface RowIndexes {
  readonly createIndex: number;
  readonly modifyIndex: number;
}

/** A machine (or an external host) that services run on. */
export interface Node {
  /** UUID, or "" for an external node that was registered without one. */
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly datacenter: string;
  /**
   * Addresses by tag: "lan", "wan", "lan_ipv4". null where Consul keeps a nil map, because responses distinguish null from {}.
   */
  readonly taggedAddresses: Readonly<Record<string, string>> | null;
  readonly meta: Readonly<Record<string, string>> | null;
}

export type NodeRow = Node & RowIndexes;
