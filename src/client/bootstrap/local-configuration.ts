import type { Environment } from "../agent-address.ts";
import { type ConfigurationObject, overlayConfiguration } from "../configuration-values.ts";
import { type FileChoice, readConfigurationFile } from "./configuration-file.ts";
import { overrideByEnvironment } from "./environment-overrides.ts";
import type { ServiceLog } from "./service-log.ts";

export interface LocalSources {
  readonly file: FileChoice;
  readonly env: Environment;
  readonly log: ServiceLog;
}

/**
 * Returns the local configuration: the file overrides the defaults, and the environment overrides both.
 * @throws OperatingError invalid
 */
export async function readLocalConfiguration<T extends ConfigurationObject>(
  defaults: T,
  sources: LocalSources,
): Promise<T> {
  const { log, env } = sources;
  const file = await readConfigurationFile(sources.file);
  log.info(
    file === undefined
      ? "There is no configuration file in ./res: the defaults count"
      : `Loaded configuration from ${file.path}`,
  );
  const { configuration, applied } = overrideByEnvironment(overlayConfiguration(defaults, file?.pairs ?? []), env);
  for (const override of applied) log.info(`Environment override of ${override}`);
  return configuration;
}
