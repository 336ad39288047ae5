import type { Clock } from "../lib/clock.ts";
import type { ServicePorts } from "../ports/service-ports.ts";
import type { Store } from "../registry/store.ts";
import type { CommitTimes } from "./commit-times.ts";
import type { KeeperRequest } from "./keeper-request.ts";
import type { Registrations } from "./registrations.ts";
import type { Secrets } from "./secrets.ts";

/** What the endpoints work on. */
export interface Keeper {
  readonly store: Store;
  /** A service that reads its configuration may find another port there. */
  readonly ports: Pick<ServicePorts, "claim">;
  readonly times: CommitTimes;
  readonly registrations: Registrations;
  readonly secrets: Secrets;
  readonly kvValueBytesMax: number;
  /** What /config tells, made anew at each call. */
  readonly describe: () => object;
  readonly clock: Clock;
}

export type Endpoint = (request: KeeperRequest) => Response | Promise<Response>;
export type Method = "GET" | "PUT" | "POST" | "DELETE";

/** One path of the API; a path that ends in "/" takes in all below it. */
export interface Route {
  readonly path: string;
  readonly methods: { readonly [M in Method]?: Endpoint };
}
