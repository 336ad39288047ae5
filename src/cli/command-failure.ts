/** An error that ends a command: praetor prints its message on standard error and exits with `code`. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
  readonly code: number;

  constructor(message: string, code = 1) {
    super(message);
    this.code = code;
  }
}
