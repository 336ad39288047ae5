import { connect, type ConnectionOptions } from "./connection.ts";
import { RegistryClient } from "./registry-client.ts";

export interface RegistryClientOptions extends ConnectionOptions {
  /** The name of the service in the registry: "edgex-core-data". */
  readonly serviceKey: string;
  /** Host of the service. Required, like the port, to register; not needed to look up other services. */
  readonly serviceHost?: string;
  readonly servicePort?: number;
  /** Protocol of the service's health check; default "http". */
  readonly serviceProtocol?: string;
  /** Path that the registry's health check calls: "/api/v1/ping". */
  readonly checkRoute?: string;
  /** Interval of the health check as a Go duration: "10s". */
  readonly checkInterval?: string;
}

/** Returns a client of the registry. @throws OperatingError invalid if the options have no valid address */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const { serviceHost = "", servicePort = 0, checkRoute = "", checkInterval = "" } = options;
  const { serviceKey, serviceProtocol = "http" } = options;
  const incomplete = "unable to create ConsulClient: registry host and/or port or serviceKey not set";
  const http = connect(options, { incomplete, kind: "registry" });
  const service = { serviceKey, serviceHost, servicePort, serviceProtocol };
  return new RegistryClient({ http, ...service, checkRoute, checkInterval });
}
