import { messageOf, OperatingError } from "../../lib/errors.ts";
import type { Environment } from "../agent-address.ts";
import { type ConfigurationObject, type ConfigurationPair, overlayConfiguration } from "../configuration-values.ts";

export interface Overridden<T> {
  readonly configuration: T;
  /** The overrides, without the values, which can be passwords. */
  readonly applied: readonly EnvironmentOverride[];
}

/** A setting that a variable of the environment overrides. */
export interface EnvironmentOverride {
  /** The setting's name in the store: "Service/Port"; of a list without the positions of its elements. */
  readonly name: string;
  readonly variable: string;
}

/**
 * Returns the configuration with the values of environment variables in place of settings, and the list of these settings. The
 * variable of Service/Port is Service_Port, as in Geneva's services, or SERVICE_PORT; Service_Port is used if both are set.
 * Commas separate the elements of a list.
 * @throws OperatingError invalid if a value does not have its setting's type
 */
export function overrideByEnvironment<T extends ConfigurationObject>(
  configuration: T,
  env: Environment,
): Overridden<T> {
  const applied: EnvironmentOverride[] = [];
  let overridden = configuration;
  for (const { path, isList } of leavesOf(configuration)) {
    const variable = variablesOf(path).find((name) => env[name] !== undefined);
    if (variable === undefined) continue;
    const text = env[variable] ?? "";
    try {
      overridden = overlayConfiguration(overridden, isList ? elementsOf(path, text) : [[path.join("/"), text]]);
    } catch (cause) {
      const message = `environment value override failed for ${variable}: ${messageOf(cause)}`;
      throw new OperatingError("invalid", "invalid-service-variable", message, { cause });
    }
    applied.push({ name: path.join("/"), variable });
  }
  return { configuration: overridden, applied };
}

interface Leaf {
  readonly path: readonly string[];
  readonly isList: boolean;
}

function leavesOf(value: unknown, path: readonly string[] = []): Leaf[] {
  const isFolder = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isFolder) return [{ path, isList: Array.isArray(value) }];
  return Object.entries(value).flatMap(([name, child]) => leavesOf(child, [...path, name]));
}

/** Returns the names of a setting's variables. EdgeX 2: "_" replaces characters that a variable's name cannot have, like "-". */
function variablesOf(path: readonly string[]): readonly string[] {
  const name = path.join("_").replaceAll(/\W/g, "_");
  return [name, name.toUpperCase()];
}

function elementsOf(path: readonly string[], text: string): ConfigurationPair[] {
  const key = path.join("/");
  if (text.trim() === "") return [[key, ""]];
  return text.split(",").map((element, at) => [`${key}/${at}`, element.trim()]);
}
