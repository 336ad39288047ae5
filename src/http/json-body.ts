import { OperatingError } from "../lib/errors.ts";
import { parseJson } from "../wire/json.ts";
import type { HttpError } from "./http-error.ts";
import type { HttpRequest } from "./http-request.ts";
import { bodyBytesMax } from "./limits.ts";

export interface BodyReading<T> {
  readonly decode: (json: unknown) => T;
  /** The answer to a body that is wrong. */
  readonly fault: (what: string) => HttpError;
}

/** A body of JSON, where Consul has words of the endpoint's own for what is wrong with it. */
export async function readJson<T>(request: HttpRequest, { decode, fault }: BodyReading<T>): Promise<T> {
  const body = await request.body(bodyBytesMax);
  try {
    return decode(parseJson(body));
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    throw fault(error.message.replace(/^Request decode failed: /, ""));
  }
}
