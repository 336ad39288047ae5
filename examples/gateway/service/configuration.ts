import { join } from "node:path";
import { flattenConfiguration, overlayConfiguration } from "../../../src/client/configuration-values.ts";

/** The part of Geneva's configuration that these services use. Names are those of the files and of the store. */
export interface Configuration {
  readonly Writable: Writable;
  readonly Service: {
    readonly Host: string;
    readonly Port: number;
    /** The interval at which the agent requests /api/v1/ping: "10s". */
    readonly CheckInterval: string;
    readonly StartupMsg: string;
  };
  readonly Registry: { readonly Host: string; readonly Port: number; readonly Type: string };
  /** The addresses of other services, for a service that starts without a registry. */
  readonly Clients: Readonly<
    Record<string, { readonly Protocol: string; readonly Host: string; readonly Port: number }>
  >;
  readonly Databases: Readonly<Record<string, { readonly Type: string; readonly Host: string; readonly Port: number }>>;
}

/** Settings that can change while the service runs. */
export interface Writable {
  readonly LogLevel: string;
  readonly [name: string]: string | number | boolean;
}

export async function loadConfiguration(folder: string): Promise<Configuration> {
  const text = await Bun.file(join(folder, "configuration.toml")).text();
  return Bun.TOML.parse(text) as Configuration; // the files belong to this program
}

/**
 * Returns the configuration with the values of environment variables: `Service_Port` or `SERVICE_PORT` overrides Service.Port. A
 * variable's value is converted to the type of the value that it replaces. `section` is the name of the section if the
 * configuration is only one section, as in "Writable".
 */
export function applyEnvironment<T extends object>(configuration: T, env: NodeJS.ProcessEnv, section?: string): T {
  const overrides = flattenConfiguration(configuration).flatMap(([key]) => {
    const name = (section === undefined ? key : `${section}/${key}`).replaceAll("/", "_");
    const value = env[name] ?? env[name.toUpperCase()];
    return value === undefined ? [] : [[key, value] as const];
  });
  return overlayConfiguration(configuration, overrides);
}
