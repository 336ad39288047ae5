/** What is done about a port that two services want: nothing, say so, give the second another one, or refuse the second. */
export const portPolicies = ["off", "warn", "reassign", "reject"] as const;
export type PortPolicy = (typeof portPolicies)[number];

/**
 * - conflict: said, and nothing else was done;
 * - pending: the service was given another port and is not on it yet;
 * - active: the service has registered its new port;
 * - pinned: the service insists on the old port;
 * - exhausted: no port of the range is free;
 * - released: the conflict is over.
 */
export const portStates = ["conflict", "pending", "active", "pinned", "exhausted", "released"] as const;
export type PortState = (typeof portStates)[number];

/** What became of one service's port. Kept under `portRecordFolder`, so that everybody can read and watch it. */
export interface PortRecord {
  /** UUID of this change. */
  readonly id: string;
  /** One higher with each change of this service's record. */
  readonly revision: number;
  readonly service: string;
  /** As the service names it. */
  readonly host: string;
  readonly oldPort: number;
  /** 0 where none was given. */
  readonly newPort: number;
  /** Who has the old port: the id of a service, a reservation, another program. */
  readonly owner: string;
  /** A sentence for a person. */
  readonly reason: string;
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly state: PortState;
}

/** Of the key-value store. */
export const portRecordFolder = "edgex/registry/ports/";
