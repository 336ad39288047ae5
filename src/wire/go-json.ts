import { assert } from "../lib/assert.ts";
import { bareRecord } from "./bare-record.ts";

/**
 * Renders JSON as Go's encoding/json does, byte for byte: an object is a struct, with its fields in the order given; an
 * object without a prototype (see goMap) is a map, with its keys sorted; <, >, &, U+2028 and U+2029 are escaped. A bigint
 * is a number.
 */
export function renderGoJson(value: unknown, options: { pretty: boolean }): string {
  if (!options.pretty) return render(value);
  // Consul: only indented responses end in a newline.
  return `${renderPretty(value, "\n")}\n`;
}

/** Returns the record as a Go map, which renderGoJson writes with sorted keys. */
export function goMap<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  if (Object.getPrototypeOf(record) === null) return record;
  return bareRecord(Object.entries(record));
}

/** Returns a JSON value of a client with each object marked as a Go map, so that its keys are rendered sorted. */
export function goValue(json: unknown): unknown {
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map(goValue);
  return bareRecord(Object.entries(json).map(([key, value]) => [key, goValue(value)]));
}

function render(value: unknown): string {
  if (typeof value === "string") return renderGoString(value);
  if (value === null || typeof value !== "object") return renderScalar(value);
  let text = "";
  if (Array.isArray(value)) {
    for (const item of value) text += `${text === "" ? "" : ","}${render(item)}`;
    return `[${text}]`;
  }
  const fields = fieldsOf(value);
  for (const key of names(fields)) {
    const member = fields[key];
    if (member !== undefined) text += `${text === "" ? "" : ","}${renderGoString(key)}:${render(member)}`;
  }
  return `{${text}}`;
}

/** Renders JSON with indentation. @param newline the line break and the indentation of the value itself */
export function renderPretty(value: unknown, newline: string): string {
  if (typeof value !== "object" || value === null) return render(value);
  const inner = `${newline}    `;
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return `[${inner}${value.map((item) => renderPretty(item, inner)).join(`,${inner}`)}${newline}]`;
  }
  const lines = members(value).map(([key, member]) => `${renderGoString(key)}: ${renderPretty(member, inner)}`);
  return lines.length === 0 ? "{}" : `{${inner}${lines.join(`,${inner}`)}${newline}}`;
}

function renderScalar(value: unknown): string {
  const hasJson =
    value === null || typeof value === "number" || typeof value === "bigint" || typeof value === "boolean";
  assert(hasJson, `a ${typeof value} has no JSON`);
  return String(value);
}

type Fields = Readonly<Record<string, unknown>>;

/** Narrows an object to a record, which TypeScript cannot infer. */
function fieldsOf(object: object): Fields {
  return object as Fields;
}

/** Returns the names and values of the fields that are not undefined. An undefined field is omitted, as by Go's omitempty. */
function members(object: object): [string, unknown][] {
  const fields = fieldsOf(object);
  return names(fields)
    .map((name): [string, unknown] => [name, fields[name]])
    .filter(([, member]) => member !== undefined);
}

/** Returns the names of a struct's fields in their order, or the keys of a map sorted. */
function names(fields: Fields): string[] {
  const keys = Object.keys(fields);
  return keys.length > 1 && Object.getPrototypeOf(fields) === null ? sortKeys(keys) : keys;
}

/** Returns the keys of a map in the order in which Go renders them. */
export function sortKeys(keys: readonly string[]): string[] {
  // The runtime's own order of strings is that of UTF-8 bytes below the surrogates, and ten times as fast.
  return keys.some((key) => /[\ud800-\uffff]/.test(key)) ? keys.toSorted(compareUtf8) : keys.toSorted();
}

/** Compares two strings by their UTF-8 bytes, as Go does; JavaScript's order differs only for characters beyond U+FFFF. */
function compareUtf8(a: string, b: string): number {
  if (a === b) return 0;
  let at = 0;
  while (a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  const first = a.charCodeAt(at);
  const second = b.charCodeAt(at);
  if (Number.isNaN(first)) return -1;
  if (Number.isNaN(second)) return 1;
  return surrogatesLast(first) - surrogatesLast(second);
}

function surrogatesLast(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** Matches a character that may need an escape in Go's JSON. Most strings have none. */
const special = /[\u0000-\u001f"\\<>&\u2028\u2029\ud800-\udfff]/;

/** Renders a string as Go does. */
function renderGoString(text: string): string {
  if (!special.test(text)) return `"${text}"`;
  const json = JSON.stringify(text.toWellFormed());
  return mayDiffer.test(json) ? json.replace(/[<>&\u2028\u2029]|\\./g, goEscape) : json;
}

const mayDiffer = /[<>&\u2028\u2029\\]/;

function goEscape(found: string): string {
  if (found === "\\b") return "\\u0008";
  if (found === "\\f") return "\\u000c";
  if (found.startsWith("\\")) return found;
  return `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
