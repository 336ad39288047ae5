import { closest } from "../lib/closest.ts";
import { OperatingError } from "../lib/errors.ts";
import type { Command } from "./command.ts";

/** Returns the error for invalid arguments or flags. The command prints the text of usageHint after the error's message. */
export function wrongUsage(message: string): OperatingError {
  return new OperatingError("invalid", "invalid-flag", message);
}

/** Returns the lines to print after a usage error: a similar flag, and the command for help; "" for other errors. */
export function usageHint(error: OperatingError, { name, flags = [] }: Pick<Command, "name" | "flags">): string {
  if (error.code !== "invalid-flag") return "";
  const typed = /^flag provided but not defined: -(.+)$/.exec(error.message)?.[1];
  const known = flags.map((flag) => flag.name);
  const meant = typed === undefined ? undefined : closest(typed, known);
  return `\n${meant === undefined ? "" : `Did you mean -${meant}? `}See 'praetor ${name} --help'.\n`;
}
