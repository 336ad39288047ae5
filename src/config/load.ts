import { messageOf } from "../lib/errors.ts";
import { parseCommandLine } from "./command-line.ts";
import { buildConfig } from "./build.ts";
import { describeConsulFolder, readConsulFolder } from "./consul-folder.ts";
import { defaultSource, devSource } from "./defaults.ts";
import { type Environment, readEnvironment } from "./environment.ts";
import { readConfigPaths } from "./files.ts";
import { mergeSources } from "./merge.ts";
import { readSource } from "./read-source.ts";
import type { RuntimeConfig } from "./runtime-config.ts";
import { Settings } from "./settings.ts";
import type { Addresses } from "./sockaddr/interfaces.ts";
import { validateConfig } from "./validate.ts";
import { configWarnings } from "./warnings.ts";

export interface LoadConfigOptions {
  /** The arguments after `agent`. */
  readonly args: readonly string[];
  readonly env: Environment;
  /** This machine's host name, which is the node's name if none is configured. */
  readonly hostname: string;
  /** The addresses of this machine. */
  readonly interfaces: () => Addresses;
}

/**
 * Reads an agent's configuration from all sources. A later source wins, lists are joined:
 *
 *     defaults < -dev < lists of flags < files and folders < environment < other flags < -hcl
 *
 * Each source is parsed into settings with their line and column (json.ts, hcl/), so that each fault names its file and line. The
 * settings are merged, then built into one frozen RuntimeConfig (build.ts) and validated as a whole (validate.ts).
 *
 * Invariants:
 * - The other layers see the RuntimeConfig alone: they read no flag, file or environment variable of the configuration.
 * - A reload calls this function again. A configuration that is invalid anywhere takes no effect.
 * @throws OperatingError invalid, whose text has the fault, its file and line or flag, and what to do
 */
export function loadConfig(options: LoadConfigOptions): RuntimeConfig {
  const commandLine = parseCommandLine(options.args);
  const { devMode } = commandLine;
  const files = readConfigPaths(commandLine.configPaths, commandLine.configFormat);
  const merged = mergeSources([
    defaultSource,
    ...(devMode ? [devSource] : []),
    commandLine.lists,
    ...files.sources,
    ...readEnvironment(options.env),
    commandLine.scalars,
    ...commandLine.hclFragments.map((text, at) => readSource(text, "hcl", { file: `flags-${at}.hcl` })),
  ]);
  const settings = new Settings(merged);
  const warnings = [...files.warnings];
  const config = buildConfig({
    settings,
    devMode,
    hostname: options.hostname,
    definitions: merged.definitions,
    interfaces: listedAddresses(options, warnings),
    warn: (message) => warnings.push(message),
  });
  const { dataDir } = config;
  const consulFolder = dataDir === undefined ? undefined : readConsulFolder(dataDir);
  if (dataDir !== undefined && consulFolder?.holdsState) {
    const { problem, advice } = describeConsulFolder(dataDir);
    warnings.push(`${problem} ${advice}`);
  }
  const complete = {
    ...{ ...config, files: files.files, consulNodeId: consulFolder?.nodeId },
    warnings: [...warnings, ...configWarnings(config, settings)],
  };
  validateConfig(complete, settings);
  return Object.freeze(complete);
}

/**
 * Returns this machine's addresses. If the kernel cannot list them, warns and returns none, since most configurations do not need
 * them.
 */
function listedAddresses({ interfaces }: LoadConfigOptions, warnings: string[]): Addresses {
  try {
    return interfaces();
  } catch (error) {
    warnings.push(`The addresses of this machine are unknown: ${messageOf(error)}`);
    return [];
  }
}
