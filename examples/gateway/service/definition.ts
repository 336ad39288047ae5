import type { Configuration, Writable } from "./configuration.ts";
import type { ServiceLog } from "./log.ts";
import type { Peers } from "./peers.ts";

/** What makes one service different from the others. */
export interface ServiceDefinition {
  readonly key: string;
  /** Above the key in the store. Default: where Geneva's core services are, "edgex/core/1.0/". */
  readonly configStem?: string;
  /** Opens what the service needs (a database) and resolves with what it answers; repeated until the start-up time is over. */
  open(world: ServiceWorld): Promise<OpenService>;
}

export interface ServiceWorld {
  readonly configuration: Configuration;
  readonly peers: Peers;
  readonly log: ServiceLog;
  /** As it is now. */
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
  /** The body, where it was JSON. */
  readonly body: unknown;
}
