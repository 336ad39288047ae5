import type { Clock } from "../lib/clock.ts";
import type { ServicePorts } from "../ports/service-ports.ts";
import type { Registry } from "../registry/registry.ts";
import type { CommitTimes } from "./commit-times.ts";
import type { KeeperRequest } from "./keeper-request.ts";
import type { Registrations } from "./registrations.ts";
import type { Secrets } from "./secrets.ts";

/** The parts of the agent that endpoints of core-keeper's API use. */
export interface Keeper {
  readonly store: Registry;
  /** Assigns a port before a service reads its configuration. */
  readonly ports: Pick<ServicePorts, "claim">;
  readonly times: CommitTimes;
  readonly registrations: Registrations;
  readonly secrets: Secrets;
  readonly kvValueBytesMax: number;
  /** Returns the configuration that /config shows. */
  readonly describe: () => object;
  readonly clock: Clock;
}

export type Endpoint = (request: KeeperRequest) => Response | Promise<Response>;
export type Method = "GET" | "PUT" | "POST" | "DELETE";

/** One path of core-keeper's API, with an endpoint for each method; a path with a final "/" matches all paths below it. */
export interface Route {
  readonly path: string;
  readonly methods: { readonly [M in Method]?: Endpoint };
}
