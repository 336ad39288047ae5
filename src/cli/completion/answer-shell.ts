import type { Command, CommandIo } from "../command.ts";
import { candidatesFor } from "./candidates.ts";

/**
 * Returns the completions that a shell requests, one on each line; undefined if COMP_LINE is not set. Bash runs the program with
 * the line in COMP_LINE and the cursor's position in COMP_POINT; the scripts for other shells do the same.
 * @param args bash's arguments: the program's name, the word at the cursor, the word before it
 */
export function completionAnswer(
  args: readonly string[],
  env: CommandIo["env"],
  commands: readonly Command[],
): string | undefined {
  const line = env["COMP_LINE"];
  if (line === undefined) return undefined;
  const typed = line.slice(0, Number(env["COMP_POINT"] ?? line.length));
  const found = candidatesFor(typed, commands);
  const described = env["COMP_DESCRIBED"] === "1";
  const before = lengthBefore(typed, args[1]);
  return found
    .map(({ word, about }) => word.slice(before) + (described && about !== "" ? `\t${about}` : "") + "\n")
    .join("");
}

/**
 * Returns how many characters of the last word precede the part that the shell completes: bash splits "-format=js" and completes
 * only "js".
 */
function lengthBefore(typed: string, atCursor: string | undefined): number {
  const last = typed.split(/\s+/).at(-1) ?? "";
  return atCursor !== undefined && last.endsWith(atCursor) ? last.length - atCursor.length : 0;
}
