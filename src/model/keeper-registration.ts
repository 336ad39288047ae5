/** HALT: it has said that it ends, and is remembered. */
export const keeperStatuses = ["UP", "DOWN", "UNKNOWN", "HALT"] as const;
export type KeeperStatus = (typeof keeperStatuses)[number];

/** How core-keeper looks whether a service is well: it asks type://host:port/path. */
export interface KeeperHealthCheck {
  /** As it was given: "10s", "1d12h". */
  readonly interval: string;
  readonly path: string;
  /** "http", "https" or "tcp"; of services that have another kind of check, that. */
  readonly type: string;
}

/** A service as it registers with core-keeper. */
export interface KeeperService {
  readonly serviceId: string;
  readonly status: KeeperStatus;
  readonly host: string;
  readonly port: number;
  readonly healthCheck: KeeperHealthCheck;
}

/** A service as core-keeper shows it. */
export interface KeeperRegistration extends KeeperService {
  /** In milliseconds since 1970. */
  readonly createdMs: number;
  /** When it was last checked, or registered. */
  readonly modifiedMs: number;
}
