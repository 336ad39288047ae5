import { OperatingError } from "../lib/errors.ts";
import { bareRecord } from "./bare-record.ts";
import { decodeFailure } from "./json.ts";
import { isRecord } from "../lib/is-record.ts";

/*
 * wire/ converts between the nouns of model/ and the JSON of Consul's and core-keeper's APIs. Each noun has a file with an
 * encoder, a decoder or both; this file and json.ts read what clients send, go-json.ts renders as Go does.
 *
 * A body's way in: bytes ─▶ parseJson ─▶ JsonFields of each object ─▶ the noun, or one OperatingError "decode" with Consul's
 * text.
 *
 * Invariants: a decoder checks every field that it reads, and returns only complete nouns; unknown fields are refused or ignored
 * as Consul does. Field names are matched in any letter case, as Go does. Integers of 64 bits keep their value. Answers have the
 * fields and the order of Consul's, so that the recorded answers in test/conformance compare octet by octet.
 */

/** Origin of a JSON document. The HTTP API is strict; configuration files convert some types. */
export type WireSource = "api" | "file";

interface FieldName {
  readonly field: string;
  readonly isAlias: boolean;
}

/** The accepted names of an object's fields, each in its usual spelling and in lower case. */
export type FieldNames = ReadonlyMap<string, FieldName>;

/** Returns the accepted names of an object's fields: the canonical names, and aliases that map to them, in any letter case. */
export function fieldNames(canonical: readonly string[], aliases: Readonly<Record<string, string>> = {}): FieldNames {
  const names = new Map<string, FieldName>();
  for (const field of canonical) names.set(field, { field, isAlias: false });
  for (const [alias, field] of Object.entries(aliases)) names.set(alias, { field, isAlias: true });
  for (const [name, meaning] of [...names]) names.set(name.toLowerCase(), meaning);
  return names;
}

export interface FieldsOptions {
  readonly names: FieldNames;
  readonly source: WireSource;
  /** The object's name in error texts: its Go type in the API ("RegisterRequest" or ""), its path in a file ("service.check"). */
  readonly where: string;
  /** The Go package of the type, if not "structs"; for error texts. */
  readonly goPackage?: "agent" | "api";
  /** Whether the error for the field Namespace says that namespaces are missing here; default: if `where` is not "". */
  readonly explainsNamespace?: boolean;
  /** Whether unknown fields are ignored, as Consul does for a few objects, instead of being an error. */
  readonly ignoreUnknown?: boolean;
}

/**
 * The fields of one JSON object, by canonical name. null counts as absent, as in Go. Each method returns Go's zero value
 * for an absent field, and throws OperatingError invalid, code "decode", for a value of another type.
 */
export class JsonFields {
  readonly #options: FieldsOptions;
  readonly #values: Map<string, unknown> = new Map();

  /** @param json an object; null means an object without fields */
  constructor(json: unknown, options: FieldsOptions) {
    this.#options = options;
    for (const [name, value] of membersOf(json, options)) this.#put(name, value);
  }

  /** Stores a field. If the object has a field twice, the later value counts, unless the later name is an alias. */
  #put(name: string, value: unknown): void {
    const { names, ignoreUnknown } = this.#options;
    const known = names.get(name) ?? names.get(name.toLowerCase());
    if (known === undefined) {
      if (ignoreUnknown) return;
      throw unknownField(name, this.#options);
    }
    if (value === null || (known.isAlias && this.#values.get(known.field))) return;
    this.#values.set(known.field, value);
  }

  has(field: string): boolean {
    return this.#values.has(field);
  }

  /** Returns the field's JSON value unchanged; undefined when the field is absent. */
  raw(field: string): unknown {
    return this.#values.get(field);
  }

  string(field: string, goType = "string"): string {
    const value = this.#single(field) ?? "";
    if (typeof value !== "string") throw this.mismatch(field, value, goType);
    return value;
  }

  bool(field: string): boolean {
    const value = this.#single(field) ?? false;
    if (typeof value !== "boolean") throw this.mismatch(field, value, "bool");
    return value;
  }

  int(field: string): number {
    const value = this.#single(field) ?? 0;
    // Consul: 1.7 in an integer field of a file is read as 1, and in the API is refused.
    if (this.#options.source === "file" && typeof value === "number") return Math.trunc(value);
    if (typeof value !== "number" || !Number.isSafeInteger(value)) throw this.mismatch(field, value, "int");
    return value;
  }

  list(field: string, goType: string): readonly unknown[] {
    const value = this.#values.get(field) ?? [];
    // HCL does not distinguish an object from a list of one object.
    if (this.#options.source === "file" && isRecord(value)) return [value];
    if (!Array.isArray(value)) throw this.mismatch(field, value, goType);
    return value;
  }

  stringList(field: string): string[] {
    return this.list(field, "[]string").map((item) => this.#element(field, item));
  }

  /** Returns the entries of a field that is an object; undefined when the field is absent. */
  entries(field: string, goType: string): [string, unknown][] | undefined {
    const value = this.#single(field);
    if (value === undefined) return undefined;
    if (!isRecord(value)) throw this.mismatch(field, value, goType);
    return Object.entries(value);
  }

  /** Returns a field that is a map of strings; null when the field is absent, because responses distinguish null from {}. */
  stringMap(field: string): Readonly<Record<string, string>> | null {
    const entries = this.entries(field, "map[string]string");
    return entries ? bareRecord(entries.map(([key, item]) => [key, this.#element(field, item)])) : null;
  }

  /** Returns a field that is a map of lists of strings, such as HTTP headers. */
  stringListMap(field: string): Readonly<Record<string, readonly string[]>> {
    const entries = this.entries(field, "map[string][]string") ?? [];
    return bareRecord(entries.map(([key, item]) => [key, this.#elements(field, item)]));
  }

  mismatch(field: string, value: unknown, goType: string): OperatingError {
    const { source, where } = this.#options;
    if (source === "api") {
      const type = `Go struct field ${where}.${field} of type ${goType}`;
      return decodeFailure(`json: cannot unmarshal ${jsonType(value)} into ${type}`);
    }
    const what = `'${where}.${snakeCase(field)}' expected type '${goType}', got unconvertible type '${fileType(value)}'`;
    return new OperatingError("invalid", "decode", what);
  }

  #single(field: string): unknown {
    const value = this.#values.get(field);
    return this.#options.source === "file" ? unwrapSingle(value) : value;
  }

  #elements(field: string, item: unknown): string[] {
    if (item === null) return [];
    if (!Array.isArray(item)) throw this.mismatch(field, item, "[]string");
    return item.map((value: unknown) => this.#element(field, value));
  }

  /** Returns an item of a list or map as a string. Consul: null counts as "". */
  #element(field: string, item: unknown): string {
    if (item === null) return "";
    if (typeof item !== "string") throw this.mismatch(field, item, "string");
    return item;
  }
}

/** Decodes a field that is an unsigned 64-bit number; `where` is the Go type that the error text names. */
export function readUint64(fields: JsonFields, field: string, where: string): bigint {
  const value = fields.raw(field) ?? 0;
  if (typeof value !== "number" && typeof value !== "bigint") throw fields.mismatch(field, value, "uint64");
  if (typeof value === "number" ? Number.isInteger(value) && value >= 0 : value >= 0n && value < 2n ** 64n)
    return BigInt(value);
  throw decodeFailure(`json: cannot unmarshal number ${value} into Go struct field ${where}.${field} of type uint64`);
}

/** Returns the item of a list of one item, and any other value unchanged: HCL does not distinguish such a list from its item. */
function unwrapSingle(value: unknown): unknown {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return list.length === 1 ? list[0] : value;
}

function membersOf(json: unknown, options: FieldsOptions): [string, unknown][] {
  const value = options.source === "file" ? unwrapSingle(json) : json;
  if (value === null || value === undefined) return [];
  if (isRecord(value)) return Object.entries(value);
  if (options.source === "file") {
    throw new OperatingError("invalid", "decode", `'${options.where}' expected a map, got '${fileType(value)}'`);
  }
  const type = options.where === "" ? "struct" : `${options.goPackage ?? "structs"}.${options.where}`;
  throw decodeFailure(`json: cannot unmarshal ${jsonType(value)} into Go value of type ${type}`);
}

function unknownField(
  name: string,
  { source, where, explainsNamespace = where !== "" }: FieldsOptions,
): OperatingError {
  if (source === "file") return new OperatingError("invalid", "decode", `invalid config key ${where}.${name}`);
  const hint = name === "Namespace" && explainsNamespace ? " - Namespaces are a Consul Enterprise feature" : "";
  return decodeFailure(`json: unknown field ${JSON.stringify(name)}${hint}`);
}

/** Returns the name of a value's type in the error texts of Go's encoding/json. */
export function jsonType(value: unknown): string {
  switch (typeof value) {
    case "string":
      return "string";
    case "boolean":
      return "bool";
    case "bigint":
      return `number ${value}`;
    case "number":
      return Number.isSafeInteger(value) ? "number" : `number ${value}`;
    default:
      return Array.isArray(value) ? "array" : "object";
  }
}

/** Returns the name of a value's type in Consul's error texts about files. */
function fileType(value: unknown): string {
  if (typeof value === "number" || typeof value === "bigint") return "float64";
  if (typeof value === "object") return Array.isArray(value) ? "slice" : "map";
  return jsonType(value);
}

/** Converts "TLSSkipVerify" to "tls_skip_verify", as configuration files spell it. */
function snakeCase(field: string): string {
  return field.replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, "_").toLowerCase();
}
