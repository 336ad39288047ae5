import { OperatingError } from "../lib/errors.ts";
import { type ParsedFlags, parseGoFlags } from "../lib/go-flags.ts";
import { CommandFailure } from "./command-failure.ts";
import type { Command, CommandFlag, CommandIo } from "./command.ts";
import { Flags } from "./flags.ts";
import { formatHelp, type Example } from "./help-text.ts";
import { usageHint } from "./wrong-usage.ts";

export interface LocalCommandOptions {
  readonly name: string;
  readonly summary: string;
  /** The command's arguments as the help shows them: "[options] KEY". */
  readonly synopsis: string;
  readonly about: string;
  readonly examples: readonly Example[];
  readonly flags?: readonly CommandFlag[];
  /** Flags of every command that sends requests to an agent, listed after the command's own. */
  readonly sharedFlags?: readonly CommandFlag[];
  /** The number of arguments that must follow the flags; undefined if `run` checks it. */
  readonly words?: number;
  /** Whether flags may also follow arguments. Go's flag package, and so Consul, ends the flags at the first argument. */
  readonly flagsAnywhere?: boolean;
  /** Exit code of a failure that has no code of its own; default: 1. */
  readonly failureCode?: number;
  /**
   * Runs the command; resolves with the exit code, where undefined means 0.
   * @throws CommandFailure, OperatingError; printed on standard error
   */
  run(call: LocalCall): Promise<number | void>;
}

/** One invocation of a command. */
export interface LocalCall {
  /** The arguments after the flags. */
  readonly words: readonly string[];
  readonly flags: Flags;
  readonly io: CommandIo;
}

/** Makes a command from `run`: adds the parsing of flags, the help and the printing of errors. */
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
        const parsed = options.flagsAnywhere ? parseAnywhere(args, all) : parseGoFlags(args, all);
        if (parsed.helpAsked) {
          io.stdout(this.help);
          return 0;
        }
        requireWords(parsed.rest, options.words);
        return (await options.run({ words: parsed.rest, flags: new Flags(parsed), io })) ?? 0;
      } catch (error) {
        if (io.signal?.aborted) return 1;
        if (!(error instanceof CommandFailure || error instanceof OperatingError)) throw error;
        io.stderr(`${error.message}\n${error instanceof OperatingError ? usageHint(error, this) : ""}`);
        const code = error instanceof CommandFailure ? error.code : 1;
        return code === 1 ? (options.failureCode ?? 1) : code;
      }
    },
  };
}

/**
 * Parses flags before, between and after arguments.
 * @throws OperatingError invalid if a flag is unknown or its value is invalid
 */
function parseAnywhere(args: readonly string[], flags: readonly CommandFlag[]): ParsedFlags {
  const parsed = parseGoFlags(args, flags);
  const [word, ...after] = parsed.rest;
  if (word === undefined || parsed.helpAsked) return parsed;
  const more = parseAnywhere(after, flags);
  const values = new Map(parsed.values);
  for (const [name, given] of more.values) values.set(name, [...(values.get(name) ?? []), ...given]);
  return { ...more, values, inOrder: [...parsed.inOrder, ...more.inOrder], rest: [word, ...more.rest] };
}

/** Throws CommandFailure unless the number of arguments is the expected one. Consul: the error states both numbers. */
function requireWords(words: readonly string[], expected: number | undefined): void {
  if (expected === undefined || words.length === expected) return;
  const problem = words.length > expected ? "Too many" : "Not enough";
  throw new CommandFailure(`${problem} arguments (expected ${expected}, got ${words.length})`);
}
