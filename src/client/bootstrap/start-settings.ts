import { OperatingError } from "../../lib/errors.ts";
import { parseBool } from "../../lib/go-bool.ts";
import type { Environment } from "../agent-address.ts";
import { parseAgentUrl } from "./agent-url.ts";
import type { FileChoice } from "./configuration-file.ts";
import type { ServiceConfiguration } from "./service-configuration.ts";
import type { ServiceFlags } from "./service-flags.ts";

/** An agent: by its base URL, or the one that [Registry] of the configuration names. */
type AgentPlace = { readonly url: string } | "in-configuration";

/** What the command line and the environment have decided before any configuration is read. */
export interface StartSettings {
  readonly file: FileChoice;
  readonly overwrite: boolean;
  /** Where the configuration is kept. */
  readonly provider: AgentPlace | undefined;
  /** Where to register. */
  readonly registry: AgentPlace | undefined;
  readonly token: string;
}

/**
 * The environment goes before the command line. Where a setting has several variables, the first that is not empty counts:
 * Geneva's and EdgeX 2's, then EdgeX 3's.
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

function decideProvider(flags: ServiceFlags, env: Environment): AgentPlace | undefined {
  for (const name of ["EDGEX_CONFIGURATION_PROVIDER", "EDGEX_CONFIG_PROVIDER", "edgex_registry"]) {
    const url = firstOf(env, name);
    if (url !== undefined) return url === "none" ? undefined : placeAt(url, name);
  }
  // Geneva: a service that registers keeps its configuration there, too.
  return placeAt(flags.providerUrl, "-cp") ?? placeAt(flags.registryUrl, "-r") ?? inConfigurationIf(flags.useRegistry);
}

/** Geneva: edgex_registry switches the registry on also when it is empty. */
function decideRegistry(flags: ServiceFlags, env: Environment): AgentPlace | undefined {
  const isUsed = flags.useRegistry || env["edgex_registry"] !== undefined;
  if (!(readBoolean(env, "EDGEX_USE_REGISTRY") ?? isUsed)) return undefined;
  const url = firstOf(env, "edgex_registry");
  return placeAt(url, "edgex_registry") ?? placeAt(flags.registryUrl, "-r") ?? "in-configuration";
}

function placeAt(text: string | undefined, from: string): AgentPlace | undefined {
  return text === undefined ? undefined : { url: parseAgentUrl(text, from) };
}

function inConfigurationIf(isMeant: boolean): AgentPlace | undefined {
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

/** The base URL of the agent that keeps the configuration, if one does. */
export function providerUrlOf({ provider }: StartSettings, local: ServiceConfiguration): string | undefined {
  return provider === "in-configuration" ? (registryIn(local) ?? defaultUrl) : provider?.url;
}

/** The base URL of the agent to register with, if the service is to be registered. */
export function registryUrlOf(settings: StartSettings, configuration: ServiceConfiguration): string | undefined {
  const { registry } = settings;
  if (registry !== "in-configuration") return registry?.url;
  return registryIn(configuration) ?? providerUrlOf(settings, configuration) ?? defaultUrl;
}

function registryIn({ Registry: registry }: ServiceConfiguration): string | undefined {
  if (registry === undefined) return undefined;
  return parseAgentUrl(`${registry.Type}.http://${registry.Host}:${registry.Port}`, "[Registry] of the configuration");
}

/** How long to try for what is not there yet, and how often. */
export interface StartLimits {
  readonly limitMs: number;
  readonly intervalMs: number;
}

/** Seconds: the environment's, else those of [Startup], else 30 and 1. @throws OperatingError invalid */
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
