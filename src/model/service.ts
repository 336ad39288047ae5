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
  /** The instance's id, unique on its node. */
  readonly id: string;
  readonly name: string;
  /** The kind: "" for a typical service, or one of Consul's kinds of proxy, which Praetor only stores and shows. */
  readonly kind: string;
  readonly tags: readonly string[];
  /** The address at which the instance listens; "" means the node's address. */
  readonly address: string;
  readonly taggedAddresses: Readonly<Record<string, ServiceAddress>> | null;
  readonly port: number;
  readonly meta: Readonly<Record<string, string>> | null;
  readonly weights: ServiceWeights;
  readonly enableTagOverride: boolean;
  /** Set if the service accepts Connect connections itself, without a proxy. */
  readonly connectNative?: true;
  readonly proxy?: ServiceProxy;
}

/** Returns the service name under which an instance is listed as Connect-capable; undefined if it is not capable. */
export function connectName({ name, kind, connectNative, proxy }: Service): string | undefined {
  return kind === "connect-proxy" ? proxy?.destinationServiceName : connectNative && name;
}

/** An instance as the catalog keeps it. */
export type ServiceRow = Service & RowIndexes & { readonly node: string };

/** A service to register, as the HTTP API or a configuration file defines it. */
export interface ServiceDefinition {
  readonly service: Service;
  readonly checks: readonly CheckDefinition[];
  /**
   * A proxy that is registered, replaced and deregistered with the service. Port 0 lets the agent choose the port, and an
   * empty list of checks means the default two checks: see sidecarAt.
   */
  readonly sidecar?: Pick<ServiceDefinition, "service" | "checks">;
  /** The secret that a file gives for the registration in the catalog. */
  readonly token?: string;
}

/** Returns the checks of a definition, including those of its sidecar. */
export function checksIn({ checks, sidecar }: ServiceDefinition): readonly CheckDefinition[] {
  return sidecar === undefined ? checks : [...checks, ...sidecar.checks];
}
