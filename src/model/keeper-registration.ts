/** HALT: the service has deregistered, and core-keeper keeps its registration. */
export const keeperStatuses = ["UP", "DOWN", "UNKNOWN", "HALT"] as const;
export type KeeperStatus = (typeof keeperStatuses)[number];

/** core-keeper's health check of a service: a request to type://host:port/path. */
export interface KeeperHealthCheck {
  /** The text that the service gave: "10s", "1d12h". */
  readonly interval: string;
  readonly path: string;
  /** "http", "https" or "tcp"; for a service registered through Consul's API, the type of its check. */
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
  /** In milliseconds since 1970, like `modifiedMs`. */
  readonly createdMs: number;
  /** Time of the last check, or of the registration. */
  readonly modifiedMs: number;
}
