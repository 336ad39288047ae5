/** How a proxy stands before a service. It is kept and shown; no proxy is told of it here. */
export interface ServiceProxy {
  readonly destinationServiceName: string;
  readonly destinationServiceId: string;
  readonly localServiceAddress: string;
  readonly localServicePort: number;
  /** Any JSON, for the proxy alone; null when there is none. */
  readonly config: ProxyConfig | null;
  readonly upstreams: readonly Upstream[];
  readonly meshGatewayMode: string;
  readonly exposeChecks: boolean;
  readonly exposePaths: readonly ExposedPath[];
}

export type ProxyConfig = Readonly<Record<string, unknown>>;

/** A service that the proxy leads to. */
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

/** A path that the proxy lets everybody reach. */
export interface ExposedPath {
  readonly listenerPort: number;
  readonly path: string;
  readonly localPathPort: number;
  readonly protocol: string;
  readonly parsedFromCheck: boolean;
}
