import type { OperatingError } from "../lib/errors.ts";

/** An error answer with core-keeper's status and message. */
export class KeeperError extends Error {
  override readonly name = "KeeperError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Returns the HTTP status for an operating error. EdgeX maps the kinds of its own errors to the same statuses. */
export function statusOf(error: OperatingError): number {
  switch (error.kind) {
    case "invalid":
      return 400;
    case "denied":
    case "forbidden":
      return 403;
    case "not-found":
      return 404;
    case "conflict":
      return 409;
    case "too-large":
      return 413;
    case "rate-limited":
      return 429;
    case "unavailable":
    case "timeout":
      return 503;
  }
}
