import type { Clock } from "../lib/clock.ts";
import type { FlagSpec } from "../lib/go-flags.ts";

/** The inputs and outputs of the process that a command uses. */
export interface CommandIo {
  /** Writes to standard output: text in UTF-8, bytes unchanged. */
  stdout(this: void, text: string | Uint8Array): void;
  stderr(this: void, text: string): void;
  /** Reads all of standard input. */
  stdin(): Promise<Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Whether standard output is a terminal, for colours and live redrawing. */
  readonly isTerminal: boolean;
  /** Whether standard error is a terminal, for progress. */
  readonly isErrorTerminal?: boolean;
  /** Aborts when the user interrupts the command. */
  readonly signal?: AbortSignal | undefined;
}

/** Returns whether to print colours: only on a terminal, unless NO_COLOR is set (https://no-color.org). */
export function mayColour({ isTerminal, env }: Pick<CommandIo, "isTerminal" | "env">): boolean {
  return isTerminal && (env["NO_COLOR"] ?? "") === "";
}

/** A flag with its description for help and completion. */
export interface CommandFlag extends FlagSpec {
  /** The name of the flag's value in the help: "path"; "" for a flag without a value. */
  readonly value: string;
  /** The description in the help, one sentence or two. */
  readonly help: string;
}

/** A subcommand: `praetor version`, `praetor kv get`. */
export interface Command {
  readonly name: string;
  /** The command's description in the list of commands, one line. */
  readonly summary: string;
  /** The output of `praetor NAME --help`; ends in a newline. */
  readonly help: string;
  /** The flags that shells complete. */
  readonly flags?: readonly CommandFlag[];
  /** Runs the command with the arguments after its name; resolves with the exit code. Prints errors that a user can cause. */
  run(args: readonly string[], io: CommandIo): Promise<number>;
}
