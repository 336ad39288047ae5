import type { CommandFlag } from "./command.ts";
import { wrap } from "./wrap.ts";

export interface HelpParts {
  readonly name: string;
  /** What follows the name: "[options] KEY". */
  readonly synopsis: string;
  /** Sentences; a blank line divides paragraphs. */
  readonly about: string;
  readonly examples: readonly Example[];
  readonly flags: readonly CommandFlag[];
  /** Told after the command's own. */
  readonly sharedFlags: readonly CommandFlag[];
}

export interface Example {
  /** What it is good for, as a phrase: "Read a key". */
  readonly what: string;
  /** As typed, without "praetor". */
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
    ...section("Options of every command that asks an agent", sharedFlags),
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
