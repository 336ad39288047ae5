import { connect, type ConnectionOptions } from "./connection.ts";
import { RegistryClient } from "./registry-client.ts";

export interface RegistryClientOptions extends ConnectionOptions {
  /** The name that others look for: "edgex-core-data". */
  readonly serviceKey: string;
  /** Where this service can be called. Needed to register; a client that only looks others up leaves these out. */
  readonly serviceHost?: string;
  readonly servicePort?: number;
  /** "http" if not said otherwise. */
  readonly serviceProtocol?: string;
  /** What the registry calls to see whether the service is well, from the root: "/api/v1/ping". */
  readonly checkRoute?: string;
  /** How often, as a Go duration: "10s". */
  readonly checkInterval?: string;
}

/** @throws OperatingError invalid when the options do not say where the registry is */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const { serviceHost = "", servicePort = 0, checkRoute = "", checkInterval = "" } = options;
  const { serviceKey, serviceProtocol = "http" } = options;
  const incomplete = "unable to create ConsulClient: registry host and/or port or serviceKey not set";
  const http = connect(options, { incomplete, kind: "registry" });
  const service = { serviceKey, serviceHost, servicePort, serviceProtocol };
  return new RegistryClient({ http, ...service, checkRoute, checkInterval });
}
