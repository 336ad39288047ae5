/** Statuses of a registration. HALT: the service has deregistered, and core-keeper keeps the registration. */
export const keeperStatuses = ["UP", "DOWN", "UNKNOWN", "HALT"] as const;
export type KeeperStatus = (typeof keeperStatuses)[number];

/** core-keeper's health check of a service: a request to type://host:port/path. */
export interface KeeperHealthCheck {
  /** Time between two checks, as the service wrote it: "10s", "1d12h". */
  readonly interval: string;
  readonly path: string;
  /** The check's type: "http", "https" or "tcp"; for a service registered through Consul's API, the type of its check. */
  readonly type: string;
}

/** A service as its registration with core-keeper describes it. */
export interface KeeperService {
  readonly serviceId: string;
  readonly status: KeeperStatus;
  readonly host: string;
  readonly port: number;
  readonly healthCheck: KeeperHealthCheck;
}

/** A service's registration as core-keeper returns it. */
export interface KeeperRegistration extends KeeperService {
  /** When the service registered, in milliseconds since 1970. */
  readonly createdMs: number;
  /** When the last check ran, or the registration was written, in milliseconds since 1970. */
  readonly modifiedMs: number;
}
