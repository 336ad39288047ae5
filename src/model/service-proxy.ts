/** The configuration of a service's Connect proxy. Praetor stores and shows the configuration, but configures no proxy. */
export interface ServiceProxy {
  readonly destinationServiceName: string;
  readonly destinationServiceId: string;
  readonly localServiceAddress: string;
  readonly localServicePort: number;
  /** Opaque configuration for the proxy; null if the registration has no configuration. */
  readonly config: ProxyConfig | null;
  readonly upstreams: readonly Upstream[];
  readonly meshGatewayMode: string;
  readonly exposeChecks: boolean;
  readonly exposePaths: readonly ExposedPath[];
}

export type ProxyConfig = Readonly<Record<string, unknown>>;

/** A service that the proxy connects to. */
export interface Upstream {
  readonly destinationType: string;
  readonly destinationNamespace: string;
  readonly destinationName: string;
  readonly datacenter: string;
  readonly localBindAddress: string;
  readonly localBindPort: number;
  readonly config: ProxyConfig | null;
  readonly meshGatewayMode: string;
}

/** A path of the service that the proxy exposes without Connect authorization. */
export interface ExposedPath {
  readonly listenerPort: number;
  readonly path: string;
  readonly localPathPort: number;
  readonly protocol: string;
  readonly parsedFromCheck: boolean;
}
