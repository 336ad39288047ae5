import { closest } from "../lib/closest.ts";
import { OperatingError } from "../lib/errors.ts";
import type { Command } from "./command.ts";

/** For words and flags that do not go together; the message is followed by usageHint. */
export function wrongUsage(message: string): OperatingError {
  return new OperatingError("invalid", "invalid-flag", message);
}

/** The lines to print after an error about a command's words: the flag that was probably meant, and where help is. */
export function usageHint(error: OperatingError, { name, flags = [] }: Pick<Command, "name" | "flags">): string {
  if (error.code !== "invalid-flag") return "";
  const typed = /^flag provided but not defined: -(.+)$/.exec(error.message)?.[1];
  const known = flags.map((flag) => flag.name);
  const meant = typed === undefined ? undefined : closest(typed, known);
  return `\n${meant === undefined ? "" : `Did you mean -${meant}? `}See 'praetor ${name} --help'.\n`;
}
