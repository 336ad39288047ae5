/** Ends a command: its message goes to standard error, and `code` is the exit code. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
  readonly code: number;

  constructor(message: string, code = 1) {
    super(message);
    this.code = code;
  }
}
