import { OperatingError } from "../lib/errors.ts";
import type { KvEntry } from "../model/kv-entry.ts";
import { renderGoJson } from "./go-json.ts";
import { fieldNames, JsonFields } from "./json-fields.ts";
import { baseNames, decodeBase, unmarshalError } from "./keeper-body.ts";

const names = fieldNames([...baseNames, "value"]);

/**
 * Decodes the body of a request that writes a key. Returns the JSON value to store, which is never null.
 * @throws OperatingError invalid, code "validation" or "decode", with core-keeper's text
 */
export function decodeUpdateKeys(json: unknown): unknown {
  const fields = new JsonFields(json, { names, source: "api", where: "UpdateKeysRequest", ignoreUnknown: true });
  decodeBase(fields);
  const value = fields.raw("value");
  if (value === undefined) throw new OperatingError("invalid", "validation", "the value field is undefined");
  if (typeof value === "object" && !Array.isArray(value) && value !== null && Object.keys(value).length === 0)
    throw new OperatingError("invalid", "validation", "the value field is an empty object");
  if (!fitsGoTypes(value)) throw unmarshalError();
  return value;
}

/** Renders a value as the text that is stored: scalars as Go prints them, objects and lists as JSON. */
export function renderKeeperValue(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "number" ? withoutExponent(value) : renderGoJson(value, { pretty: false });
}

export interface KvTimes {
  readonly createdMs: number;
  readonly modifiedMs: number;
}

/** Encodes a key with its value: as text if `plaintext` is true, otherwise as base64. */
export function encodeKeeperKv(entry: KvEntry, times: KvTimes, { plaintext }: { readonly plaintext: boolean }): object {
  return {
    key: entry.key,
    Created: times.createdMs,
    Modified: times.modifiedMs,
    value: plaintext ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(entry.value) : entry.value.toBase64(),
  };
}

/** Returns whether Go can decode all numbers in the value: JSON allows numbers beyond the range of float64. */
function fitsGoTypes(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  return typeof value !== "object" || value === null || Object.values(value).every(fitsGoTypes);
}

/** Formats a number without an exponent: 1e21 as 1000000000000000000000, 1e-7 as 0.0000001. */
function withoutExponent(value: number): string {
  const [mantissa = "", exponent] = String(value).split("e");
  if (exponent === undefined) return mantissa;
  const sign = value < 0 ? "-" : "";
  const [whole = "", fraction = ""] = mantissa.replace("-", "").split(".");
  const shift = Number(exponent);
  if (shift < 0) return `${sign}0.${"0".repeat(-shift - 1)}${whole}${fraction}`;
  return `${sign}${whole}${fraction.padEnd(shift, "0")}`;
}
