import { OperatingError } from "../lib/errors.ts";
import { parseDuration } from "../lib/duration.ts";
import type { JsonFields, WireSource } from "./json-fields.ts";
import { decodeFailure } from "./json.ts";

/**
 * Decodes a field that is a duration into milliseconds; an absent field is 0. The API accepts Go's text ("10s") or a number of
 * nanoseconds; files accept the text only.
 * @throws OperatingError invalid, code "decode"
 */
export function durationField(fields: JsonFields, field: string, source: WireSource): number {
  const value = fields.raw(field);
  if (typeof value === "string") return parseDurationText(value, source);
  if (source === "file") return parseFileDuration(fields, field);
  // Consul: the API ignores a value that is neither text nor number (consul-answers.test.ts).
  if (typeof value === "number" || typeof value === "bigint") return Math.trunc(Number(value)) / 1e6;
  return 0;
}

function parseFileDuration(fields: JsonFields, field: string): number {
  const text = fields.string(field);
  return text === "" ? 0 : parseDurationText(text, "file");
}

function parseDurationText(text: string, source: WireSource): number {
  try {
    return parseDuration(text);
  } catch (cause) {
    if (!(cause instanceof OperatingError)) throw cause;
    if (source === "api") throw decodeFailure(cause.message);
    throw new OperatingError("invalid", "decode", `invalid duration: ${JSON.stringify(text)}: ${cause.message}`, {
      cause,
    });
  }
}
