import { OperatingError } from "../lib/errors.ts";
import { isUuid } from "../lib/uuid.ts";
import { decodeFailureWords, parseJson } from "./json.ts";
import type { JsonFields } from "./json-fields.ts";

/**
 * The body of a request to core-keeper, read with its words for what is wrong. Names of fields are matched without
 * regard to case, as Go does, and what else there is is passed over.
 * @throws OperatingError invalid, code "decode" (no JSON, or a field of another type) or "validation"
 */
export function readKeeperBody<T>(body: Uint8Array, decode: (json: unknown) => T): T {
  const json = attempt(() => parseJson(body), decodeFailureWords);
  return attempt(
    () => decode(json),
    () => unmarshalFailure,
  );
}

const unmarshalFailure = "Failed to unmarshal request body as JSON.";

/** A value that JSON can write and core-keeper cannot hold. */
export function notUnmarshalled(): OperatingError {
  return new OperatingError("invalid", "decode", unmarshalFailure);
}

/** @throws OperatingError invalid, code "validation", when there are faults: with all of them */
export function refuseFaults(faults: readonly string[]): void {
  if (faults.length > 0) throw new OperatingError("invalid", "validation", faults.join("; "));
}

/** What all requests have. */
export interface KeeperBase {
  readonly apiVersion: string;
  readonly requestId: string;
}

export const baseNames: readonly string[] = ["apiVersion", "requestId"];

export function decodeBase(fields: JsonFields): KeeperBase {
  return { apiVersion: fields.string("apiVersion"), requestId: fields.string("requestId") };
}

/** @param type the request's, as faults are named after it */
export function baseFaults({ apiVersion, requestId }: KeeperBase, type: string): string[] {
  const faults = missing([[`${type}.BaseRequest.Versionable.ApiVersion`, apiVersion]]);
  if (requestId === "" || isUuid(requestId)) return faults;
  return [...faults, `${type}.BaseRequest.RequestId field validation failed on the len=0|uuid tag with value ''`];
}

/** A fault for each field that is required and has nothing. */
export function missing(fields: readonly (readonly [name: string, value: string | number])[]): string[] {
  return fields.filter(([, value]) => value === "" || value === 0).map(([name]) => `${name} field is required`);
}

function attempt<T>(read: () => T, words: (error: OperatingError) => string): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof OperatingError) || error.code !== "decode") throw error;
    throw new OperatingError("invalid", "decode", words(error), { cause: error });
  }
}
