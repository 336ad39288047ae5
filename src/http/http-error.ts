import type { OperatingError } from "../lib/errors.ts";

/** An error response whose status or headers do not follow from an operating error's kind. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, text: string, headers: Readonly<Record<string, string>> = {}) {
    super(text);
    this.status = status;
    this.headers = headers;
  }
}

/** Consul: the headers of a read that failed in the datacenter. */
export const failedReadHeaders: Readonly<Record<string, string>> = {
  "X-Consul-Index": "1",
  "X-Consul-Knownleader": "false",
  "X-Consul-Lastcontact": "0",
};

/** Returns the HTTP status of an operating error. Consul: most failures are a 500, whatever the reason. */
export function statusOf(error: OperatingError): number {
  switch (error.kind) {
    case "invalid":
      return 400;
    case "forbidden":
      return 403;
    case "too-large":
      return 413;
    case "rate-limited":
      return 429;
    case "not-found":
    case "denied":
    case "conflict":
    case "unavailable":
    case "timeout":
      return 500;
  }
}
