import { OperatingError } from "../lib/errors.ts";
import { parseGoFlags } from "../lib/go-flags.ts";
import { closest } from "./closest.ts";
import { CommandFailure } from "./command-failure.ts";
import type { Command, CommandFlag, CommandIo } from "./command.ts";
import { Flags } from "./flags.ts";
import { formatHelp, type Example } from "./help-text.ts";

export interface LocalCommandOptions {
  readonly name: string;
  readonly summary: string;
  /** What follows the name: "[options] KEY". */
  readonly synopsis: string;
  readonly about: string;
  readonly examples: readonly Example[];
  readonly flags?: readonly CommandFlag[];
  /** Told after the command's own, as those of every command that asks an agent. */
  readonly sharedFlags?: readonly CommandFlag[];
  /** How many words follow the flags; undefined for any number, which `run` looks at. */
  readonly words?: number;
  /**
   * Resolves with the exit code; undefined is 0.
   * @throws CommandFailure, OperatingError told to the user
   */
  run(call: LocalCall): Promise<number | void>;
}

/** A command that is run. */
export interface LocalCall {
  /** What follows the flags. */
  readonly words: readonly string[];
  readonly flags: Flags;
  readonly io: CommandIo;
}

/** A command with flags, help and errors in the form of all of them; what it does is up to `run`. */
export function localCommand(options: LocalCommandOptions): Command {
  const { flags = [], sharedFlags = [] } = options;
  const all = [...flags, ...sharedFlags];
  return {
    name: options.name,
    summary: options.summary,
    get help() {
      return formatHelp({ ...options, flags, sharedFlags });
    },
    flags: all,
    async run(args, io) {
      try {
        const parsed = parseGoFlags(args, all);
        if (parsed.helpAsked) {
          io.stdout(this.help);
          return 0;
        }
        requireWords(parsed.rest, options.words);
        return (await options.run({ words: parsed.rest, flags: new Flags(parsed), io })) ?? 0;
      } catch (error) {
        if (io.signal?.aborted) return 1;
        if (!(error instanceof CommandFailure || error instanceof OperatingError)) throw error;
        io.stderr(`${error.message}\n`);
        if (error instanceof OperatingError && error.code === "invalid-flag")
          io.stderr(`\n${didYouMean(error, all)}See 'praetor ${options.name} --help'.\n`);
        return error instanceof CommandFailure ? error.code : 1;
      }
    },
  };
}

/** For a flag that there is not. */
function didYouMean({ message }: OperatingError, flags: readonly CommandFlag[]): string {
  const word = /^flag provided but not defined: -(.+)$/.exec(message)?.[1];
  const known = flags.map(({ name }) => name);
  const meant = word === undefined ? undefined : closest(word, known);
  return meant === undefined ? "" : `Did you mean -${meant}? `;
}

/** Consul: says how many it expected. */
function requireWords(words: readonly string[], expected: number | undefined): void {
  if (expected === undefined || words.length === expected) return;
  const problem = words.length > expected ? "Too many" : "Not enough";
  throw new CommandFailure(`${problem} arguments (expected ${expected}, got ${words.length})`);
}
