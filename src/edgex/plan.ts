import type { Database, DefinitionFile } from "./definitions.ts";
import { definitionFiles, keeperPort } from "./definitions.ts";
import { agentUrlOf, flagValue, keeperUrlOf } from "./agent-flags.ts";
import type { ManagedFolder } from "./managed-folder.ts";
import { messageBusSettings } from "./message-bus-settings.ts";
import { scriptFiles } from "./scripts.ts";

export type FolderState =
  | "writable" // or missing, in a writable parent
  | "read-only"
  | "absent";

/** The inputs of a plan besides the arguments; planEdgex is a pure function. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folderState: (path: string) => FolderState;
  /** The command that starts this program: `["/usr/local/bin/praetor"]`. */
  readonly executable: readonly string[];
}

/** Everything that `praetor edgex` will do. */
export interface EdgexPlan {
  /** The arguments for `praetor agent`. */
  readonly agentArgs: readonly string[];
  readonly agentUrl: string;
  /** The URL of core-keeper's API; undefined if the API is off. */
  readonly keeperUrl: string | undefined;
  readonly dataDir: string;
  readonly folders: readonly ManagedFolder[];
  /** The decisions of the plan, for standard output: one line each. */
  readonly notices: readonly string[];
  /** Warnings for standard error: one line for each invalid setting. */
  readonly warnings: readonly string[];
}

const scriptsDir = "/consul/scripts";

/**
 * Plans a run of `praetor edgex` from the command line and the environment. If `args` begins with `agent`, the flags that follow
 * are used alone, like the command of the original image. Otherwise all `args` are flags, which are appended to the default
 * flags.
 */
export function planEdgex(args: readonly string[], surroundings: Surroundings): EdgexPlan {
  const { env } = surroundings;
  const flags = args[0] === "agent" ? args.slice(1) : [...defaultAgentFlags(args), ...args];
  const dataDir = flagValue(flags, "data-dir") ?? defaultDataDir(surroundings);
  const configDirs = configDirsOf(dataDir, surroundings);
  const agentUrl = agentUrlOf(flags);
  const database = databaseOf(env);
  const isSecure = secureSetting(env) === "true";
  const bus = messageBusSettings(env);
  const messageBus = bus.configuration;
  const files = definitionFiles({ database, isSecure, executable: surroundings.executable, agentUrl, messageBus });
  return {
    agentArgs: [...folderFlags(flags, { dataDir, configDirs }), ...bindFlags(env), ...flags],
    agentUrl,
    keeperUrl: keeperUrlOf(flags, keeperPort),
    dataDir,
    folders: [
      { path: configDirs[0], files: [...files, ...localConfig(env)], fileMode: 0o644 },
      ...sharedScripts(surroundings),
    ],
    notices: noticesOf(database, isSecure),
    warnings: [...warningsOf(env), ...bus.warnings],
  };
}

/** Returns the default flags of the original image, except those that the agent refuses together with a flag in `given`. */
function defaultAgentFlags(given: readonly string[]): readonly string[] {
  return [
    ...(flagValue(given, "ui-dir") === undefined ? ["-ui"] : []),
    ...(flagValue(given, "bootstrap-expect") === undefined ? ["-bootstrap"] : []),
    ...["-server", "-client", "0.0.0.0"],
  ];
}

/** A volume of another owner is the data folder, too: data beside it would be in the container's layer, and lost with it. */
function defaultDataDir({ env, folderState }: Surroundings): string {
  return env["PRAETOR_DATA_DIR"] || (folderState("/consul/data") === "absent" ? "./data" : "/consul/data");
}

/**
 * Returns the configuration folders. Praetor writes to the first one. The agent also reads /consul/config, which holds an
 * operator's files, if that folder is read-only.
 */
function configDirsOf(
  dataDir: string,
  { env, folderState }: Surroundings,
): readonly [written: string, ...read: readonly string[]] {
  const chosen = env["PRAETOR_CONFIG_DIR"];
  if (chosen) return [chosen];
  const state = folderState("/consul/config");
  if (state === "writable") return ["/consul/config"];
  const own = `${dataDir.replace(/\/+$/, "")}/config`;
  return state === "read-only" ? [own, "/consul/config"] : [own];
}

interface Folders {
  readonly dataDir: string;
  readonly configDirs: readonly string[];
}

function folderFlags(flags: readonly string[], { dataDir, configDirs }: Folders): readonly string[] {
  const data = flagValue(flags, "data-dir") === undefined ? [`-data-dir=${dataDir}`] : [];
  return [...data, ...configDirs.map((path) => `-config-dir=${path}`)];
}

/** Returns the -bind flag for CONSUL_BIND_INTERFACE, a variable of Consul's own image. */
function bindFlags(env: Surroundings["env"]): readonly string[] {
  const name = env["CONSUL_BIND_INTERFACE"];
  return name ? [`-bind={{ GetInterfaceIP ${JSON.stringify(name)} }}`] : [];
}

/** Returns a file for CONSUL_LOCAL_CONFIG, a variable of Consul's own image: configuration as JSON text. */
function localConfig(env: Surroundings["env"]): readonly DefinitionFile[] {
  const content = env["CONSUL_LOCAL_CONFIG"];
  return content ? [{ name: "local.json", content }] : [];
}

/**
 * Returns a list with the scripts folder, which the containers of Kong and the set-up jobs mount, and which an operator's
 * definitions may use; an empty list if the folder is not writable.
 */
function sharedScripts({ folderState, executable }: Surroundings): readonly ManagedFolder[] {
  if (folderState(scriptsDir) !== "writable") return [];
  return [{ path: scriptsDir, files: scriptFiles(executable), fileMode: 0o755 }];
}

/**
 * Returns the value of EDGEX_DB, else its default. An empty variable counts as unset, as in the original image's shell script.
 */
function databaseSetting(env: Surroundings["env"]): string {
  return env["EDGEX_DB"] || "redis";
}

function secureSetting(env: Surroundings["env"]): string {
  return env["EDGEX_SECURE"] || "true";
}

function databaseOf(env: Surroundings["env"]): Database {
  const name = databaseSetting(env);
  return name === "redis" || name === "mongo" ? name : "none";
}

function noticesOf(database: Database, isSecure: boolean): readonly string[] {
  return [
    ...(database === "none" ? [] : [`Installing ${database} health checks`]),
    ...(isSecure ? ["Installing security health checks"] : []),
  ];
}

function warningsOf(env: Surroundings["env"]): readonly string[] {
  const warnings: string[] = [];
  const database = databaseSetting(env);
  if (!["redis", "mongo", "none"].includes(database))
    warnings.push(`EDGEX_DB is ${JSON.stringify(database)}: only redis and mongo have health checks; going on without`);
  const secure = secureSetting(env);
  if (secure !== "true" && secure !== "false")
    warnings.push(`EDGEX_SECURE is ${JSON.stringify(secure)}: taken as false; only "true" adds the security checks`);
  if (env["CONSUL_CLIENT_INTERFACE"])
    warnings.push("CONSUL_CLIENT_INTERFACE has no effect: name the address with -client");
  return warnings;
}
