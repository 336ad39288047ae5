/** Class of an error, by what the caller can do about it. Each front end (HTTP, DNS, CLI) maps all kinds in one switch. */
export type ErrorKind =
  | "invalid" // the request is wrong; repeating it will not help
  | "not-found" // the named thing does not exist
  | "denied" // the configuration does not allow it
  | "forbidden" // access control does not let this caller do it
  | "conflict" // another caller holds it or has changed it
  | "too-large" // over a documented limit
  | "unavailable" // cannot be done now; nothing was changed
  | "timeout" // gave up waiting
  | "rate-limited";

/**
 * An error whose cause is outside the program: input, disk, network, another agent. `message` says what failed, where, and
 * what to do. A fault of the program itself is reported by `assert` instead.
 */
export class OperatingError extends Error {
  override readonly name = "OperatingError";
  readonly kind: ErrorKind;
  /** A code in kebab-case that never changes. docs/errors.md lists all codes. */
  readonly code: string;

  constructor(kind: ErrorKind, code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.kind = kind;
    this.code = code;
  }
}

/** The fields of an OperatingError, as a message between threads loses the class of an object. */
export type Failure = Pick<OperatingError, "kind" | "code" | "message">;

/** Returns the error that another thread has told by its fields. */
export function errorOf({ kind, code, message }: Failure): OperatingError {
  return new OperatingError(kind, code, message);
}

/** Returns the message of a thrown Error, or any other thrown value as text. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
