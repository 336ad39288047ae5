import { OperatingError } from "../lib/errors.ts";
import type { KvEntry } from "../model/kv-entry.ts";
import { renderGoJson } from "./go-json.ts";
import { fieldNames, JsonFields } from "./json-fields.ts";
import { baseNames, decodeBase, notUnmarshalled } from "./keeper-body.ts";

const names = fieldNames([...baseNames, "value"]);

/**
 * The value to store, as JSON: never null.
 * @throws OperatingError invalid, code "validation" or "decode", in core-keeper's words
 */
export function decodeUpdateKeys(json: unknown): unknown {
  const fields = new JsonFields(json, { names, source: "api", where: "UpdateKeysRequest", ignoreUnknown: true });
  decodeBase(fields);
  const value = fields.raw("value");
  if (value === undefined) throw new OperatingError("invalid", "validation", "the value field is undefined");
  if (typeof value === "object" && !Array.isArray(value) && value !== null && Object.keys(value).length === 0)
    throw new OperatingError("invalid", "validation", "the value field is an empty object");
  if (!isReadable(value)) throw notUnmarshalled();
  return value;
}

/** How a value is stored, which is always text: scalars as Go prints them, all else as JSON. */
export function renderKeeperValue(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "number" ? withoutExponent(value) : renderGoJson(value, { pretty: false });
}

export interface KvTimes {
  readonly createdMs: number;
  readonly modifiedMs: number;
}

/** A key with its value: the text itself with `plaintext`, else base64. */
export function encodeKeeperKv(entry: KvEntry, times: KvTimes, { plaintext }: { readonly plaintext: boolean }): object {
  return {
    key: entry.key,
    Created: times.createdMs,
    Modified: times.modifiedMs,
    value: plaintext ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(entry.value) : entry.value.toBase64(),
  };
}

/** JSON can write numbers that are too large for Go to read. */
function isReadable(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  return typeof value !== "object" || value === null || Object.values(value).every(isReadable);
}

/** 1e21 is 1000000000000000000000, and 1e-7 is 0.0000001. */
function withoutExponent(value: number): string {
  const [mantissa = "", exponent] = String(value).split("e");
  if (exponent === undefined) return mantissa;
  const sign = value < 0 ? "-" : "";
  const [whole = "", fraction = ""] = mantissa.replace("-", "").split(".");
  const shift = Number(exponent);
  if (shift < 0) return `${sign}0.${"0".repeat(-shift - 1)}${whole}${fraction}`;
  return `${sign}${whole}${fraction.padEnd(shift, "0")}`;
}
