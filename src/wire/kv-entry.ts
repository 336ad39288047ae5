import type { KvEntry } from "../model/kv-entry.ts";
import { decodeBase64 } from "./base64.ts";
import { renderGoJson } from "./go-json.ts";
import { fieldNames, JsonFields, readUint64 } from "./json-fields.ts";
import { parseJson } from "./json.ts";

/** Encodes an entry as a row of GET /v1/kv. An empty value becomes `emptyValue`, by default null as in Consul. */
export function encodeKvEntry(entry: KvEntry, emptyValue: "" | null = null): object {
  return {
    LockIndex: entry.lockIndex,
    Key: entry.key,
    Flags: entry.flags,
    Value: entry.value.length === 0 ? emptyValue : entry.value.toBase64(),
    Session: entry.session === "" ? undefined : entry.session,
    CreateIndex: entry.createIndex,
    ModifyIndex: entry.modifyIndex,
  };
}

/** Renders one entry as JSON; its 64-bit flags are a number. */
export function renderKvEntry(entry: KvEntry, options: { pretty: boolean } = { pretty: false }): string {
  return renderGoJson(encodeKvEntry(entry), options);
}

/** Renders the response body of GET /v1/kv. */
export function renderKvEntries(
  entries: readonly KvEntry[],
  options: { readonly pretty: boolean } = { pretty: false },
): string {
  return renderGoJson(
    entries.map((entry) => encodeKvEntry(entry)),
    options,
  );
}

const names = fieldNames(["LockIndex", "Key", "Flags", "Value", "Session", "CreateIndex", "ModifyIndex"]);

/**
 * Decodes the response body of GET /v1/kv.
 * @throws OperatingError invalid, code "decode"
 */
export function decodeKvEntries(body: Uint8Array): readonly KvEntry[] {
  const json = parseJson(body);
  return Array.isArray(json) ? json.map(decodeKvEntry) : [];
}

function decodeKvEntry(json: unknown): KvEntry {
  // An agent of another version may send more fields, such as a namespace.
  const where = "KVPair";
  const fields = new JsonFields(json, { names, source: "api", where, ignoreUnknown: true });
  return {
    key: fields.string("Key"),
    value: decodeBase64(fields.string("Value")),
    flags: readUint64(fields, "Flags", where),
    lockIndex: Number(readUint64(fields, "LockIndex", where)),
    session: fields.string("Session"),
    createIndex: Number(readUint64(fields, "CreateIndex", where)),
    modifyIndex: Number(readUint64(fields, "ModifyIndex", where)),
    origin: "",
  };
}
