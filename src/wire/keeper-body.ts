import { OperatingError } from "../lib/errors.ts";
import { isUuid } from "../lib/uuid.ts";
import { decodeFailureReason, parseJson } from "./json.ts";
import type { JsonFields } from "./json-fields.ts";

/**
 * Decodes the body of a request of core-keeper's API. Error texts are core-keeper's. Field names are matched without
 * regard to case, as in Go, and unknown fields are ignored.
 * @throws OperatingError invalid, code "decode" (not JSON, or a field of another type) or "validation"
 */
export function readKeeperBody<T>(body: Uint8Array, decode: (json: unknown) => T): T {
  const json = attempt(() => parseJson(body), decodeFailureReason);
  return attempt(
    () => decode(json),
    () => unmarshalFailure,
  );
}

const unmarshalFailure = "Failed to unmarshal request body as JSON.";

/** Makes the error for a value that is valid JSON but does not fit core-keeper's Go types. */
export function unmarshalError(): OperatingError {
  return new OperatingError("invalid", "decode", unmarshalFailure);
}

/** Refuses a body that has faults. @throws OperatingError invalid, code "validation", with the texts of all faults */
export function refuseFaults(faults: readonly string[]): void {
  if (faults.length > 0) throw new OperatingError("invalid", "validation", faults.join("; "));
}

/** The fields that the body of every request of core-keeper's API has. */
export interface KeeperBase {
  readonly apiVersion: string;
  readonly requestId: string;
}

export const baseNames: readonly string[] = ["apiVersion", "requestId"];

export function decodeBase(fields: JsonFields): KeeperBase {
  return { apiVersion: fields.string("apiVersion"), requestId: fields.string("requestId") };
}

/**
 * Returns core-keeper's texts for faults in the fields that every request has. @param type the request's Go type, which the texts
 * name
 */
export function baseFaults({ apiVersion, requestId }: KeeperBase, type: string): string[] {
  const faults = missing([[`${type}.BaseRequest.Versionable.ApiVersion`, apiVersion]]);
  if (requestId === "" || isUuid(requestId)) return faults;
  return [...faults, `${type}.BaseRequest.RequestId field validation failed on the len=0|uuid tag with value ''`];
}

/** Returns a fault for each required field that is empty. */
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
