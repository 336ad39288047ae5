import type { Clock } from "../lib/clock.ts";
import type { ServicePorts } from "../ports/service-ports.ts";
import type { Registry } from "../registry/registry.ts";
import type { CommitTimes } from "./commit-times.ts";
import type { KeeperRequest } from "./keeper-request.ts";
import type { Registrations } from "./registrations.ts";
import type { Secrets } from "./secrets.ts";

/*
 * keeper/ serves core-keeper's API of EdgeX 4 over the same keys and services as Consul's API.
 *
 * Life cycle of a request: KeeperRouter finds the endpoint ─▶ it decodes the body (wire/keeper-*.ts) ─▶ reads or changes the
 * store, or the agent's services (registrations.ts) ─▶ a JSON answer with core-keeper's fields.
 *
 * Invariants: a key written through one API is the same key in the other. A registration is a service of the agent; fields that
 * only core-keeper knows are rows of their own, saved in the same batch (saved-registrations.ts). Secrets never leave through
 * Consul's API or a snapshot.
 */

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
  /** Whether the path needs no token while access control is on. core-keeper: only ping does not. */
  readonly isPublic?: true;
}
