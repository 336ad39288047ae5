/** When two services want one port: ignore it, log it, assign the second another port, or refuse its registration. */
export const portPolicies = ["off", "warn", "reassign", "reject"] as const;
export type PortPolicy = (typeof portPolicies)[number];

/**
 * - conflict: it was logged, and nothing else was done;
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
  /** UUID of this change. */
  readonly id: string;
  /** One higher with each change of this service's record. */
  readonly revision: number;
  readonly service: string;
  /** The address of the service, as it registered it. */
  readonly host: string;
  readonly oldPort: number;
  /** 0 when no port was assigned. */
  readonly newPort: number;
  /** The owner of the old port: the id of a service, a reservation, or another program. */
  readonly owner: string;
  /** The reason, as a sentence for an operator. */
  readonly reason: string;
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly state: PortState;
}

/** The prefix of the keys of port records. */
export const portRecordFolder = "edgex/registry/ports/";
