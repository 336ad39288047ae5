import type { CheckDefinition } from "./check.ts";
import type { RowIndexes } from "./node.ts";
import type { ServiceProxy } from "./service-proxy.ts";

export interface ServiceWeights {
  readonly passing: number;
  readonly warning: number;
}

export interface ServiceAddress {
  readonly address: string;
  readonly port: number;
}

/** One instance of a service, on one node. */
export interface Service {
  /** Unique on its node. */
  readonly id: string;
  readonly name: string;
  /** "" (a typical service), or Consul's kinds of proxy, which are kept but have no function here. */
  readonly kind: string;
  readonly tags: readonly string[];
  /** "" means the node's address. */
  readonly address: string;
  readonly taggedAddresses: Readonly<Record<string, ServiceAddress>> | null;
  readonly port: number;
  readonly meta: Readonly<Record<string, string>> | null;
  readonly weights: ServiceWeights;
  readonly enableTagOverride: boolean;
  /** It takes connections of the mesh itself. */
  readonly connectNative?: true;
  readonly proxy?: ServiceProxy;
}

/** The service that others mean when they ask for connections of the mesh; undefined for one that takes none. */
export function connectName({ name, kind, connectNative, proxy }: Service): string | undefined {
  return kind === "connect-proxy" ? proxy?.destinationServiceName : connectNative && name;
}

/** A service as the catalog keeps it. */
export type ServiceRow = Service & RowIndexes & { readonly node: string };

/** What an agent is asked to register: by its HTTP API or by a definition in a configuration file. */
export interface ServiceDefinition {
  readonly service: Service;
  readonly checks: readonly CheckDefinition[];
  /**
   * A proxy that is registered, replaced and removed with the service. Port 0 lets the agent choose one, and no checks
   * stand for the usual two: see sidecarAt.
   */
  readonly sidecar?: Pick<ServiceDefinition, "service" | "checks">;
}

/** The checks of a definition, with those that its sidecar names. */
export function checksIn({ checks, sidecar }: ServiceDefinition): readonly CheckDefinition[] {
  return sidecar === undefined ? checks : [...checks, ...sidecar.checks];
}
