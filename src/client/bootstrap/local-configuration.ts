import type { ToldOrigin } from "../../model/value-origin.ts";
import type { Environment } from "../agent-address.ts";
import { type ConfigurationObject, overlayConfiguration } from "../configuration-values.ts";
import { type FileChoice, readConfigurationFile } from "./configuration-file.ts";
import { type EnvironmentOverride, overrideByEnvironment } from "./environment-overrides.ts";
import type { ServiceLog } from "./service-log.ts";

export interface LocalSources {
  readonly file: FileChoice;
  readonly env: Environment;
  readonly log: ServiceLog;
}

/** The local configuration: the file overrides the defaults, and the environment overrides both. */
export interface LocalConfiguration<T> {
  readonly configuration: T;
  readonly overrides: readonly EnvironmentOverride[];
  /** Returns where the value of a setting comes from. @param name its name in the store: "Service/Port" */
  readonly originOf: (name: string) => ToldOrigin;
}

/** Reads the local configuration. @throws OperatingError invalid */
export async function readLocalConfiguration<T extends ConfigurationObject>(
  defaults: T,
  sources: LocalSources,
): Promise<LocalConfiguration<T>> {
  const { log, env } = sources;
  const file = await readConfigurationFile(sources.file);
  log.info(
    file === undefined
      ? "There is no configuration file in ./res: the defaults count"
      : `Loaded configuration from ${file.path}`,
  );
  const { configuration, applied } = overrideByEnvironment(overlayConfiguration(defaults, file?.pairs ?? []), env);
  for (const { name, variable } of applied)
    log.info(`Environment override of ${name.replaceAll("/", ".")} by ${variable}`);
  // Names in a file match in any letter case.
  const inFile = new Set(file?.pairs.map(([name]) => name.toLowerCase()));
  return {
    configuration,
    overrides: applied,
    originOf(name) {
      if (applied.some((override) => `${name}/`.startsWith(`${override.name}/`))) return "environment";
      return inFile.has(name.toLowerCase()) ? "file" : "default";
    },
  };
}
