/**
 * The policies for a second service that registers a port: ignore the conflict, log it, assign the service another port,
 * or refuse its registration.
 */
export const portPolicies = ["off", "warn", "reassign", "reject"] as const;
export type PortPolicy = (typeof portPolicies)[number];

/**
 * The states of a port conflict:
 *
 * - conflict: the conflict was logged, and no other port assigned;
 * - pending: the service was assigned another port and has not registered it yet;
 * - active: the service has registered its new port;
 * - pinned: the service was assigned another port and still registered the old one;
 * - exhausted: no port of the range is free;
 * - released: the conflict is over.
 */
export const portStates = ["conflict", "pending", "active", "pinned", "exhausted", "released"] as const;
export type PortState = (typeof portStates)[number];

/** The port conflict of one service. Stored as a key under `portRecordFolder`, so that clients can read and watch it. */
export interface PortRecord {
  /** A UUID. A service's next record has the same id if its host, old port and new port are the same. */
  readonly id: string;
  /** Number of the change that wrote this record; each change of a service's record adds one. */
  readonly revision: number;
  readonly service: string;
  /** The service's address, as the service registered it. */
  readonly host: string;
  readonly oldPort: number;
  /** The port that the service was assigned instead; 0 when no port was assigned. */
  readonly newPort: number;
  /** The owner of the old port: a service id, "praetor", "a reservation" or "another program". */
  readonly owner: string;
  /** The reason for the state, as a sentence for an operator. */
  readonly reason: string;
  /** When this record was written, in the format of RFC 3339, in UTC. */
  readonly at: string;
  readonly state: PortState;
}

/** The prefix of the keys of port records. */
export const portRecordFolder = "edgex/registry/ports/";
