import type { Configuration, Writable } from "./configuration.ts";
import type { ServiceLog } from "./log.ts";
import type { Peers } from "./peers.ts";

/** The properties in which the services of this example differ. */
export interface ServiceDefinition {
  readonly key: string;
  /** The prefix of the service's folder in the store; default: that of Geneva's core services, "edgex/core/1.0/". */
  readonly configStem?: string;
  /**
   * Opens a resource of the service, such as a database, and resolves with its routes. The caller repeats a failed call until the
   * start-up time is over.
   */
  open(world: ServiceWorld): Promise<OpenService>;
}

export interface ServiceWorld {
  readonly configuration: Configuration;
  readonly peers: Peers;
  readonly log: ServiceLog;
  /** Returns the present settings of the section Writable. */
  writable(): Writable;
}

export interface OpenService {
  readonly routes: readonly Route[];
  close(): void;
}

export interface Route {
  readonly method: "GET" | "POST";
  /** The path, in which names after a colon match one segment: "/api/v1/device/name/:name". */
  readonly path: string;
  answer(request: RouteRequest): Promise<unknown>;
}

export interface RouteRequest {
  readonly parameters: Readonly<Record<string, string>>;
  /** The body of a POST request, decoded from JSON; undefined for a GET request. */
  readonly body: unknown;
}
