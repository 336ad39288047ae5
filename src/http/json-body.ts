import { OperatingError } from "../lib/errors.ts";
import { parseJson } from "../wire/json.ts";
import type { HttpError } from "./http-error.ts";
import type { HttpRequest } from "./http-request.ts";
import { bodyBytesMax } from "./limits.ts";

export interface BodyReading<T> {
  readonly decode: (json: unknown) => T;
  /** Returns the error for an invalid body. @param what the cause */
  readonly fault: (what: string) => HttpError;
}

/** Decodes a JSON body. Each endpoint passes the error text that Consul has for its invalid bodies. */
export async function readJson<T>(request: HttpRequest, { decode, fault }: BodyReading<T>): Promise<T> {
  const body = await request.body(bodyBytesMax);
  try {
    return decode(parseJson(body));
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    throw fault(error.message.replace(/^Request decode failed: /, ""));
  }
}
