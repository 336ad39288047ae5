/**
 * The settings that bootstrap reads, with EdgeX's names; a service adds its own sections. The types of the defaults decide how
 * texts from files, the environment and the store are parsed.
 */
export interface ServiceConfiguration {
  readonly Service: {
    /** The host name by which other services reach this one. */
    readonly Host: string;
    readonly Port: number;
    /** Interval of the registry's health check, "10s". EdgeX 2 and later call it HealthCheckInterval. */
    readonly CheckInterval?: string;
    readonly HealthCheckInterval?: string;
  };
  readonly Registry?: { readonly Type: string; readonly Host: string; readonly Port: number };
  /** Time limit and interval of the attempts to reach the registry at the start, in seconds. */
  readonly Startup?: { readonly Duration: number; readonly Interval: number };
  /** Settings that can change while the service runs. */
  readonly Writable?: object;
}

export type WritableOf<T extends ServiceConfiguration> = NonNullable<T["Writable"]>;

/** Returns the configuration with another port. */
export function withPort<T extends ServiceConfiguration>(configuration: T, port: number): T {
  return { ...configuration, Service: { ...configuration.Service, Port: port } };
}
