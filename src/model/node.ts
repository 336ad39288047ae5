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
