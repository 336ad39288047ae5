/** What a command may use of the process that it runs in. */
export interface CommandIo {
  stdout(text: string): void;
  stderr(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard output is a terminal: colours and live redrawing are welcome. */
  readonly isTerminal: boolean;
  /** Aborts when the user wants the command to end. */
  readonly signal?: AbortSignal;
}

/** One word of the command line: `praetor NAME ...`. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What `praetor NAME --help` prints; ends in a newline. */
  readonly help: string;
  /** Resolves with the exit code; `args` are the words after the name. Does not throw for what a user can cause. */
  run(args: readonly string[], io: CommandIo): Promise<number>;
}
