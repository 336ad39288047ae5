import type { ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { CommandFlag } from "../command.ts";
import { formatFlag } from "../output-format.ts";

/** Shows an object's hash and indexes. */
const metaFlag: CommandFlag = {
  name: "meta",
  kind: "bool",
  value: "",
  help: "Show the indexes too, and the hash of the content.",
};

export const namespaceFlag: CommandFlag = {
  name: "namespace",
  kind: "text",
  value: "name",
  help: "Namespace to ask for; an agent without namespaces refuses it. Also CONSUL_NAMESPACE.",
};

/** The flags of every command that prints objects of access control. */
export const printFlags: readonly CommandFlag[] = [
  { ...formatFlag, help: "Text (pretty, the default), or JSON for programs." },
  metaFlag,
  namespaceFlag,
];

/** Returns a flag that takes a text. */
export function textFlag(name: string, value: string, help: string): CommandFlag {
  return { name, kind: "text", value, help };
}

/** Returns a flag without a value. */
export function switchFlag(name: string, help: string): CommandFlag {
  return { name, kind: "bool", value: "", help };
}

/** How to print an object or a list of the API. */
export interface Printer {
  json(answer: unknown): string;
  text(answer: unknown, options: { readonly meta: boolean }): string;
}

/**
 * Returns a function that prints an answer of the API as -format and -meta say. Commands call it before they change anything, so
 * that a mistyped format leaves no token whose secret the user has not seen.
 * @throws CommandFailure if -format is neither pretty nor json
 */
export function printing({ flags, io }: ApiCall, printer: Printer): (answer: unknown) => void {
  const format = flags.text("format") ?? "pretty";
  if (format !== "pretty" && format !== "json") throw new CommandFailure(`Unknown format: ${format}`);
  const meta = flags.bool("meta");
  return (answer) => io.stdout(format === "json" ? printer.json(answer) : printer.text(answer, { meta }));
}
