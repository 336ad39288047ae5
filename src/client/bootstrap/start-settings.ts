import { OperatingError } from "../../lib/errors.ts";
import { parseBool } from "../../lib/go-bool.ts";
import type { Environment } from "../agent-address.ts";
import { parseAgentUrl } from "./agent-url.ts";
import type { FileChoice } from "./configuration-file.ts";
import type { ServiceConfiguration } from "./service-configuration.ts";
import type { ServiceFlags } from "./service-flags.ts";

/** The base URL of an agent, or "in-configuration" for the agent that the configuration's section [Registry] names. */
type AgentLocation = { readonly url: string } | "in-configuration";

/** Settings from the command line and the environment, which are needed before the configuration is read. */
export interface StartSettings {
  readonly file: FileChoice;
  readonly overwrite: boolean;
  /** The agent that stores the configuration; undefined without a configuration provider. */
  readonly provider: AgentLocation | undefined;
  /** The agent with which the service registers; undefined if it does not register. */
  readonly registry: AgentLocation | undefined;
  readonly token: string;
}

/**
 * Returns the settings. The environment overrides the command line. If several variables can set one setting, the first that
 * is not empty is used: the variables of Geneva and EdgeX 2 come before those of EdgeX 3.
 * @throws OperatingError invalid
 */
export function readStartSettings(flags: ServiceFlags, env: Environment): StartSettings {
  if (flags.providerUrl !== undefined && flags.registryUrl !== undefined) {
    const message = "use of -cp/-configProvider with -r/-registry=<url> not permitted: name the provider by -cp alone";
    throw new OperatingError("invalid", "provider-named-twice", message);
  }
  return {
    file: {
      directory: firstOf(env, "EDGEX_CONF_DIR", "EDGEX_CONFIG_DIR") ?? flags.directory,
      profile: firstOf(env, "EDGEX_PROFILE", "edgex_profile") ?? flags.profile,
      name: firstOf(env, "EDGEX_CONFIG_FILE") ?? flags.file,
    },
    overwrite: readBoolean(env, "EDGEX_OVERWRITE_CONFIG") ?? flags.overwrite,
    provider: decideProvider(flags, env),
    registry: decideRegistry(flags, env),
    token: env["CONSUL_HTTP_TOKEN"] ?? "",
  };
}

function decideProvider(flags: ServiceFlags, env: Environment): AgentLocation | undefined {
  for (const name of ["EDGEX_CONFIGURATION_PROVIDER", "EDGEX_CONFIG_PROVIDER", "edgex_registry"]) {
    const url = firstOf(env, name);
    if (url !== undefined) return url === "none" ? undefined : placeAt(url, name);
  }
  // Geneva: a service that registers stores its configuration in the registry, too.
  return placeAt(flags.providerUrl, "-cp") ?? placeAt(flags.registryUrl, "-r") ?? inConfigurationIf(flags.useRegistry);
}

/** Returns the registry; undefined without one. Geneva: the variable edgex_registry enables it even if the variable is empty. */
function decideRegistry(flags: ServiceFlags, env: Environment): AgentLocation | undefined {
  const isUsed = flags.useRegistry || env["edgex_registry"] !== undefined;
  if (!(readBoolean(env, "EDGEX_USE_REGISTRY") ?? isUsed)) return undefined;
  const url = firstOf(env, "edgex_registry");
  return placeAt(url, "edgex_registry") ?? placeAt(flags.registryUrl, "-r") ?? "in-configuration";
}

function placeAt(text: string | undefined, from: string): AgentLocation | undefined {
  return text === undefined ? undefined : { url: parseAgentUrl(text, from) };
}

function inConfigurationIf(isMeant: boolean): AgentLocation | undefined {
  return isMeant ? "in-configuration" : undefined;
}

function readBoolean(env: Environment, name: string): boolean | undefined {
  const text = firstOf(env, name);
  const value = text === undefined ? undefined : parseBool(text);
  if (text === undefined || value !== undefined) return value;
  const message = `${name} is ${JSON.stringify(text)}; expected true or false`;
  throw new OperatingError("invalid", "invalid-service-variable", message);
}

function firstOf(env: Environment, ...names: readonly string[]): string | undefined {
  return names.map((name) => env[name]).find((value) => value !== undefined && value !== "");
}

const defaultUrl = "http://localhost:8500";

/** Returns the base URL of the configuration provider; undefined without one. */
export function providerUrlOf({ provider }: StartSettings, local: ServiceConfiguration): string | undefined {
  return provider === "in-configuration" ? (registryIn(local) ?? defaultUrl) : provider?.url;
}

/** Returns the base URL of the registry; undefined if the service does not register. */
export function registryUrlOf(settings: StartSettings, configuration: ServiceConfiguration): string | undefined {
  const { registry } = settings;
  if (registry !== "in-configuration") return registry?.url;
  return registryIn(configuration) ?? providerUrlOf(settings, configuration) ?? defaultUrl;
}

function registryIn({ Registry: registry }: ServiceConfiguration): string | undefined {
  if (registry === undefined) return undefined;
  return parseAgentUrl(`${registry.Type}.http://${registry.Host}:${registry.Port}`, "[Registry] of the configuration");
}

/** Time limit and interval of the attempts to reach provider and registry at the start. */
export interface StartLimits {
  readonly limitMs: number;
  readonly intervalMs: number;
}

/** Returns the limits from the environment, or from [Startup], or by default 30 s and 1 s. @throws OperatingError invalid */
export function readStartLimits(configuration: ServiceConfiguration, env: Environment): StartLimits {
  const { Duration: duration = 0, Interval: interval = 0 } = configuration.Startup ?? {};
  const seconds = (given: number, fallback: number): number => (given > 0 ? given : fallback);
  return {
    limitMs: 1_000 * (readSeconds(env, "EDGEX_STARTUP_DURATION", "startup_duration") ?? seconds(duration, 30)),
    intervalMs: 1_000 * (readSeconds(env, "EDGEX_STARTUP_INTERVAL", "startup_interval") ?? seconds(interval, 1)),
  };
}

function readSeconds(env: Environment, ...names: readonly string[]): number | undefined {
  const text = firstOf(env, ...names);
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text);
  const message = `${names[0]} is ${JSON.stringify(text)}; expected whole seconds, as in 60`;
  throw new OperatingError("invalid", "invalid-service-variable", message);
}
