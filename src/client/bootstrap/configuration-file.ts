import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { messageOf, OperatingError } from "../../lib/errors.ts";
import { fileFailure } from "../../lib/file-failure.ts";
import { type ConfigurationPair, flattenConfiguration } from "../configuration-values.ts";

/** The parts of the configuration file's path, as flags and variables set them. A field is undefined if neither sets it. */
export interface FileChoice {
  readonly directory: string | undefined;
  readonly profile: string | undefined;
  readonly name: string | undefined;
}

export interface ConfigurationFile {
  readonly path: string;
  readonly pairs: readonly ConfigurationPair[];
}

/** The file names to try if none is given, in this order. EdgeX's Geneva release uses the first. */
const defaultNames = ["configuration.toml", "configuration.yaml", "configuration.yml", "configuration.json"];

/**
 * Reads the local configuration file DIRECTORY/PROFILE/NAME. Returns undefined if it does not exist and no flag or variable
 * names a part of its path.
 * @throws OperatingError invalid if a file that a flag or variable names is missing, or a file cannot be parsed
 */
export async function readConfigurationFile(choice: FileChoice): Promise<ConfigurationFile | undefined> {
  const folder = join(choice.directory ?? "res", choice.profile ?? "");
  const found = choice.name ?? defaultNames.find((name) => existsSync(join(folder, name)));
  if (found === undefined && choice.directory === undefined && choice.profile === undefined) return undefined;
  const path = join(folder, found ?? "configuration.toml");
  try {
    return { path, pairs: pairsOf(await parse(path, await readFile(path, "utf8"))) };
  } catch (cause) {
    const reason = cause instanceof Error && "path" in cause ? fileFailure(cause) : messageOf(cause);
    const message = `could not load configuration file (${path}): ${reason}`;
    throw new OperatingError("invalid", "unreadable-service-file", message, { cause });
  }
}

/** Returns the pairs of a parsed file. An empty YAML file parses to null, and has no pairs. */
function pairsOf(parsed: unknown): readonly ConfigurationPair[] {
  if (parsed === null) return [];
  if (typeof parsed === "object" && !Array.isArray(parsed)) return flattenConfiguration(asStored(parsed));
  throw new Error("it has no settings: expected names with values");
}

/** Parses a file by its extension. Loads the parser of TOML or YAML only for a file that needs it. */
async function parse(path: string, text: string): Promise<unknown> {
  switch (extname(path).toLowerCase()) {
    case ".toml":
      return (await import("smol-toml")).parse(text);
    case ".yaml":
    case ".yml":
      return (await import("yaml")).parse(text);
    case ".json":
      return JSON.parse(text);
    default:
      throw new Error("its name must end in .toml, .yaml, .yml or .json");
  }
}

/** Converts a value of a file to the form that the store has: a time becomes text, and an empty list becomes empty text. */
function asStored(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.length === 0 ? "" : value.map(asStored);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, asStored(child)]));
}
