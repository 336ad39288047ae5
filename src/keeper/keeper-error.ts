import type { OperatingError } from "../lib/errors.ts";

/** An answer that says what is wrong, in core-keeper's words. */
export class KeeperError extends Error {
  override readonly name = "KeeperError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The status of an operating error, as EdgeX maps its own kinds. */
export function statusOf(error: OperatingError): number {
  switch (error.kind) {
    case "invalid":
      return 400;
    case "denied":
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
