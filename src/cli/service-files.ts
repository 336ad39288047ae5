import { decodeDefinitions } from "../config/definitions.ts";
import { readConfigPaths } from "../config/files.ts";
import { fieldsOf } from "../client/json-object.ts";
import { messageOf } from "../lib/errors.ts";
import { CommandFailure } from "./command-failure.ts";

/** A service as agent/service/register takes it. */
export interface Registration {
  readonly ID: string;
  readonly Name: string;
  readonly [field: string]: unknown;
}

/**
 * The services that configuration files define, in HCL or JSON.
 * @throws CommandFailure when a file cannot be read, or a definition in it is wrong
 */
export function servicesFromFiles(paths: readonly string[], warn: (text: string) => void): readonly Registration[] {
  try {
    const { sources, warnings } = readConfigPaths(paths, undefined);
    for (const warning of warnings) warn(`${warning}\n`);
    const definitions = sources.flatMap((source) => source.definitions).filter(({ noun }) => noun === "service");
    // Before the first is registered, so that a mistake in the last does not leave half of them.
    decodeDefinitions(definitions, outputBytesMax);
    return definitions.map(({ plain }) => toRegistration(plain));
  } catch (error) {
    throw new CommandFailure(`Error: ${messageOf(error)}`);
  }
}

/** The limit that counts is the agent's. */
const outputBytesMax = Infinity;

function toRegistration(plain: unknown): Registration {
  const { id = "", name = "", ...rest } = fieldsOf(plain);
  return { ID: String(id), Name: String(name), ...inApiNames(rest) };
}

/** Fields whose objects have names of their own choice, or of nobody's here: they stay as they are. */
const free: ReadonlySet<string> = new Set(["meta", "header", "config", "proxy"]);

/** Files spell fields tagged_addresses; only some versions of the API know them by that, but all by TaggedAddresses. */
function inApiNames(plain: object): Readonly<Record<string, unknown>> {
  const given = Object.entries(plain).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    given.map(([name, value]) => [apiName(name), free.has(name) ? value : valueOf(name, value)]),
  );
}

function valueOf(name: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item): unknown => (isObject(item) ? valueOf(name, item) : item));
  if (!isObject(value)) return value;
  if (name === "tagged_addresses")
    return Object.fromEntries(Object.entries(value).map(([tag, address]) => [tag, valueOf("", address)]));
  const named = inApiNames(value);
  // The id of a check, where a service stands around it.
  const { ID, ...rest } = named;
  return /^checks?$/.test(name) && ID !== undefined ? { CheckID: ID, ...rest } : named;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const initialisms: ReadonlySet<string> = new Set(["id", "http", "tcp", "ttl", "grpc", "tls"]);

function apiName(name: string): string {
  const words = name.split("_");
  return words.map((word) => (initialisms.has(word) ? word.toUpperCase() : capitalized(word))).join("");
}

function capitalized(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
