import { OperatingError } from "../lib/errors.ts";
import { parseJson } from "../wire/json.ts";
import type { HttpError } from "./http-error.ts";
import type { HttpRequest } from "./http-request.ts";
import { bodyBytesMax } from "./limits.ts";

export interface BodyReading<T> {
  /** The body; default: read with the limit for small bodies. */
  readonly body?: Promise<Uint8Array>;
  readonly decode: (json: unknown) => T;
  /** Returns the error for an invalid body. @param what the cause */
  readonly fault: (what: string) => HttpError;
}

/** Decodes a JSON body. Each endpoint passes the error text that Consul has for its invalid bodies. */
export async function readJson<T>(request: HttpRequest, { body, decode, fault }: BodyReading<T>): Promise<T> {
  const bytes = await (body ?? request.body(bodyBytesMax));
  try {
    return decode(parseJson(bytes));
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    throw fault(error.message.replace(/^Request decode failed: /, ""));
  }
}
