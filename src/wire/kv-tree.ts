import type { KvEntry } from "../model/kv-entry.ts";
import { decodeBase64 } from "./base64.ts";
import { renderGoJson } from "./go-json.ts";
import { fieldNames, JsonFields, readUint64 } from "./json-fields.ts";
import { decodeFailure, decodeFailureReason, parseWholeJson } from "./json.ts";

/** An entry in a file of `kv export`: the key, flags and value that a client wrote, without indexes and lock. */
export type KvTreeEntry = Pick<KvEntry, "key" | "flags" | "value">;

/** Renders entries as `kv export` prints them, byte for byte as Consul does, without the final line break. */
export function renderKvTree(entries: readonly KvTreeEntry[]): string {
  return entries.length === 0 ? "[]" : `[\n${entries.map(renderEntry).join(",\n")}\n]`;
}

function renderEntry({ key, flags, value }: KvTreeEntry): string {
  const fields = { key, flags, value: value.toBase64() };
  const lines = Object.entries(fields).map(
    ([name, field]) => `\t\t"${name}": ${renderGoJson(field, { pretty: false })}`,
  );
  return `\t{\n${lines.join(",\n")}\n\t}`;
}

const names = fieldNames(["key", "flags", "value", "namespace"]);
const where = "Entry";

/** Decodes a file of `kv export`. @throws OperatingError invalid, code "decode", when any entry is malformed */
export function decodeKvTree(bytes: Uint8Array): readonly KvTreeEntry[] {
  const json = parseWholeJson(bytes);
  if (json === null) return [];
  if (!Array.isArray(json)) throw decodeFailure("expected a list of keys, as kv export prints it");
  return json.map(decodeEntry);
}

function decodeEntry(json: unknown): KvTreeEntry {
  // Consul ignores unknown fields.
  const fields = new JsonFields(json, { names, source: "api", where, ignoreUnknown: true });
  const [key, namespace] = [fields.string("key"), fields.string("namespace")];
  if (!["", "default"].includes(namespace))
    throw decodeFailure(`the key ${key} is in the namespace ${namespace}, and only "default" is supported`);
  return { key, flags: readUint64(fields, "flags", where), value: decodeValue(key, fields.string("value")) };
}

function decodeValue(key: string, text: string): Uint8Array {
  try {
    return decodeBase64(text);
  } catch (error) {
    throw decodeFailure(`base 64 decoding value for key ${key}: ${decodeFailureReason(error)}`);
  }
}
