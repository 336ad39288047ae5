import type { Configuration, Writable } from "./configuration.ts";
import type { ServiceLog } from "./log.ts";
import type { Peers } from "./peers.ts";

/** The properties in which services differ. */
export interface ServiceDefinition {
  readonly key: string;
  /** The prefix of the key in the store. Default: that of Geneva's core services, "edgex/core/1.0/". */
  readonly configStem?: string;
  /**
   * Opens a resource of the service (a database) and resolves with its routes; repeated until the start-up time is
   * over.
   */
  open(world: ServiceWorld): Promise<OpenService>;
}

export interface ServiceWorld {
  readonly configuration: Configuration;
  readonly peers: Peers;
  readonly log: ServiceLog;
  /** The present value. */
  writable(): Writable;
}

export interface OpenService {
  readonly routes: readonly Route[];
  close(): void;
}

export interface Route {
  readonly method: "GET" | "POST";
  /** Names after a colon match one segment: "/api/v1/device/name/:name". */
  readonly path: string;
  answer(request: RouteRequest): Promise<unknown>;
}

export interface RouteRequest {
  readonly parameters: Readonly<Record<string, string>>;
  /** The body, if it is JSON. */
  readonly body: unknown;
}
