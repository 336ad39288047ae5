/** What went wrong, in terms of what the caller can do about it. Each front end maps these in one exhaustive switch. */
export type ErrorKind =
  | "invalid" // the request is wrong; repeating it will not help
  | "not-found" // what was named does not exist
  | "denied" // not allowed
  | "conflict" // somebody else holds or has changed it
  | "too-large" // over a documented limit
  | "unavailable" // cannot be done now; nothing was changed
  | "timeout" // gave up waiting
  | "rate-limited";

/**
 * An error of operation: something outside the program (input, disk, network, another agent) is not as it must be.
 * `message` says what, where and what to do. Programmer errors are asserts, not these.
 */
export class OperatingError extends Error {
  override readonly name = "OperatingError";
  readonly kind: ErrorKind;
  /** Stable, kebab-case, listed in docs/errors.md. */
  readonly code: string;

  constructor(kind: ErrorKind, code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.kind = kind;
    this.code = code;
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
