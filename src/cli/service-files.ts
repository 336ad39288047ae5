import { decodeDefinitions } from "../config/definitions.ts";
import { readConfigPaths } from "../config/files.ts";
import { fieldsOf } from "../client/json-object.ts";
import { messageOf } from "../lib/errors.ts";
import { CommandFailure } from "./command-failure.ts";
import { isRecord } from "../lib/is-record.ts";

/** The body of agent/service/register. */
export interface Registration {
  readonly ID: string;
  readonly Name: string;
  readonly [field: string]: unknown;
}

/**
 * Reads the service definitions in configuration files.
 * @throws CommandFailure if a file cannot be read or a definition is invalid
 */
export function servicesFromFiles(paths: readonly string[], warn: (text: string) => void): readonly Registration[] {
  try {
    const { sources, warnings } = readConfigPaths(paths, undefined);
    for (const warning of warnings) warn(`${warning}\n`);
    const definitions = sources.flatMap((source) => source.definitions).filter(({ noun }) => noun === "service");
    // Checks all definitions before the first registration, so that an invalid one leaves none registered.
    decodeDefinitions(definitions, outputBytesMax);
    return definitions.map(({ plain }) => toRegistration(plain));
  } catch (error) {
    throw new CommandFailure(`Error: ${messageOf(error)}`);
  }
}

/** No limit on the size of a check's output, since the agent applies its own. */
const outputBytesMax = Infinity;

function toRegistration(plain: unknown): Registration {
  const { id = "", name = "", ...rest } = fieldsOf(plain);
  return { ID: String(id), Name: String(name), ...inApiNames(rest) };
}

/** Fields that contain names which the user chose; those names are not converted. */
const free: ReadonlySet<string> = new Set(["meta", "header", "config", "proxy"]);

/**
 * Converts field names from the spelling of files (tagged_addresses) to that of the API (TaggedAddresses), which every version of
 * Consul accepts.
 */
function inApiNames(plain: object): Readonly<Record<string, unknown>> {
  const given = Object.entries(plain).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    given.map(([name, value]) => [apiName(name), free.has(name) ? value : valueOf(name, value)]),
  );
}

function valueOf(name: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item): unknown => (isRecord(item) ? valueOf(name, item) : item));
  if (!isRecord(value)) return value;
  if (name === "tagged_addresses")
    return Object.fromEntries(Object.entries(value).map(([tag, address]) => [tag, valueOf("", address)]));
  const named = inApiNames(value);
  // In the definition of a service, the API calls a check's id CheckID.
  const { ID, ...rest } = named;
  return /^checks?$/.test(name) && ID !== undefined ? { CheckID: ID, ...rest } : named;
}

const initialisms: ReadonlySet<string> = new Set(["id", "http", "tcp", "ttl", "grpc", "tls"]);

function apiName(name: string): string {
  const words = name.split("_");
  return words.map((word) => (initialisms.has(word) ? word.toUpperCase() : capitalized(word))).join("");
}

function capitalized(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
