/**
 * What bootstrap reads of a service's configuration, in EdgeX's names; a service adds its own sections. The types of the
 * defaults decide how texts of files, of the environment and of the store are read.
 */
export interface ServiceConfiguration {
  readonly Service: {
    /** The name by which others reach this service. */
    readonly Host: string;
    readonly Port: number;
    /** How often the registry asks whether the service is well, "10s". EdgeX 2 and later call it HealthCheckInterval. */
    readonly CheckInterval?: string;
    readonly HealthCheckInterval?: string;
  };
  readonly Registry?: { readonly Type: string; readonly Host: string; readonly Port: number };
  /** Seconds. */
  readonly Startup?: { readonly Duration: number; readonly Interval: number };
  /** What may change while the service runs. */
  readonly Writable?: object;
}

export type WritableOf<T extends ServiceConfiguration> = NonNullable<T["Writable"]>;

/** The same configuration with another port, as far as its types go. */
export function withPort<T extends ServiceConfiguration>(configuration: T, port: number): T {
  return { ...configuration, Service: { ...configuration.Service, Port: port } };
}
