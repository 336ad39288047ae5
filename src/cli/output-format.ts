import { columns } from "./columns.ts";
import { CommandFailure } from "./command-failure.ts";
import type { CommandFlag } from "./command.ts";
import type { ApiCall } from "./api-command.ts";

/** The flag -format of commands that print lists: a table for people, or the agent's JSON for programs. */
export const formatFlag: CommandFlag = {
  name: "format",
  kind: "text",
  value: "pretty|json",
  help: "A table (pretty, the default), or JSON for programs.",
};

/** Prints the agent's JSON with -format=json, else a table; the first row is the heading. */
export function printTable(
  call: Pick<ApiCall, "flags" | "io">,
  json: unknown,
  rows: () => readonly (readonly string[])[],
): void {
  printText(call, json, () => columns(rows()));
}

/** Prints the agent's JSON with -format=json, else a text that ends in a newline. */
export function printText({ flags, io }: Pick<ApiCall, "flags" | "io">, json: unknown, text: () => string): void {
  io.stdout(wantsJson({ flags }) ? `${JSON.stringify(json, undefined, 4)}\n` : text());
}

/**
 * Returns whether -format is json.
 * @throws CommandFailure if it is neither pretty nor json
 */
export function wantsJson({ flags }: Pick<ApiCall, "flags">): boolean {
  const format = flags.text("format") ?? "pretty";
  if (format === "json") return true;
  if (format === "pretty") return false;
  throw new CommandFailure(`-format is ${JSON.stringify(format)}; it is pretty or json`);
}
