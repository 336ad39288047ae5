import type { Clock } from "../lib/clock.ts";
import type { FlagSpec } from "../lib/go-flags.ts";

/** What a command may use of the process that it runs in. */
export interface CommandIo {
  /** Bytes go out as they are. */
  stdout(this: void, text: string | Uint8Array): void;
  stderr(this: void, text: string): void;
  /** All of standard input. */
  stdin(): Promise<Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Standard output is a terminal: colours and live redrawing are welcome. */
  readonly isTerminal: boolean;
  /** Standard error is one: long work may show how far it is. */
  readonly isErrorTerminal?: boolean;
  /** Aborts when the user wants the command to end. */
  readonly signal?: AbortSignal | undefined;
}

/** Colours are for terminals, and for those who do not refuse them (https://no-color.org). */
export function mayColour({ isTerminal, env }: Pick<CommandIo, "isTerminal" | "env">): boolean {
  return isTerminal && (env["NO_COLOR"] ?? "") === "";
}

/** A flag with what help and completion say of it. */
export interface CommandFlag extends FlagSpec {
  /** What stands for its value: "name". "" for a flag that has none. */
  readonly value: string;
  /** One sentence or two. */
  readonly help: string;
}

/** One word of the command line, or two: `praetor version`, `praetor kv get`. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What `praetor NAME --help` prints; ends in a newline. */
  readonly help: string;
  /** Told to shells that complete them. */
  readonly flags?: readonly CommandFlag[];
  /** Resolves with the exit code; `args` are the words after the name. Does not throw for what a user can cause. */
  run(args: readonly string[], io: CommandIo): Promise<number>;
}
