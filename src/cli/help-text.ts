import type { CommandFlag } from "./command.ts";
import { wrap } from "./wrap.ts";

export interface HelpParts {
  readonly name: string;
  /** The command's arguments: "[options] KEY". */
  readonly synopsis: string;
  /** The command's description; a blank line separates paragraphs. */
  readonly about: string;
  readonly examples: readonly Example[];
  readonly flags: readonly CommandFlag[];
  /** Flags of every command that sends requests to an agent, listed after `flags`. */
  readonly sharedFlags: readonly CommandFlag[];
}

export interface Example {
  /** A phrase that names the purpose of the example: "Read a key". */
  readonly what: string;
  /** The command line of the example, without "praetor". */
  readonly command: string;
}

export function formatHelp({ name, synopsis, about, examples, flags, sharedFlags }: HelpParts): string {
  const paragraphs = about.split("\n\n").map((paragraph) => wrap(paragraph, "  "));
  const shown = examples.map(({ what, command }) => `  ${what}:\n\n      $ praetor ${command}\n`);
  return [
    `Usage: praetor ${name} ${synopsis}`.trimEnd() + "\n",
    ...paragraphs,
    ...shown,
    ...section("Options", flags),
    ...section("Options of every command that connects to an agent", sharedFlags),
  ].join("\n");
}

function section(title: string, flags: readonly CommandFlag[]): readonly string[] {
  if (flags.length === 0) return [];
  const sorted = flags.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return [`${title}\n`, ...sorted.map(formatFlag)];
}

function formatFlag({ name, value, help }: CommandFlag): string {
  const head = value === "" ? `  -${name}` : `  -${name}=<${value}>`;
  return `${head}\n${wrap(help, "     ")}`;
}
