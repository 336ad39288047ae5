import type { Command, CommandFlag } from "../command.ts";

/** A word that completion offers at the cursor. */
export interface Candidate {
  readonly word: string;
  readonly about: string;
}

/**
 * Returns the completions at the end of `line`, which begins with the program's name: commands and groups, flags, or values of a
 * flag. The list is empty if any word is possible: shells then offer files.
 */
export function candidatesFor(line: string, commands: readonly Command[]): readonly Candidate[] {
  const words = line.trimStart().split(/\s+/).slice(1);
  const current = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const all = candidatesAfter(before, current, commands);
  return all.filter(({ word }) => word.startsWith(current)).toSorted((a, b) => (a.word < b.word ? -1 : 1));
}

function candidatesAfter(
  before: readonly string[],
  current: string,
  commands: readonly Command[],
): readonly Candidate[] {
  const command = commandIn(before, commands);
  if (command === undefined) return nextWords(before, commands);
  const flags = command.flags ?? [];
  const valued = flagOf(before.at(-1) ?? "", flags);
  if (valued !== undefined && valued.kind !== "bool") return valuesOf(valued).map(plain);
  const [, start = "", name = ""] = /^((--?[^=]+)=)/.exec(current) ?? [];
  const attached = flagOf(name, flags);
  if (attached !== undefined) return valuesOf(attached).map((value) => plain(start + value));
  const dashes = current.startsWith("--") ? "--" : "-";
  return current.startsWith("-") ? flags.map((flag) => ({ word: dashes + flag.name, about: flag.help })) : [];
}

/** Returns the command that the first words name: `kv get` for "kv", "get", "-keys". */
function commandIn(words: readonly string[], commands: readonly Command[]): Command | undefined {
  const named = commands.filter(({ name }) => `${words.join(" ")} `.startsWith(`${name} `));
  return named.toSorted((a, b) => b.name.length - a.name.length)[0];
}

/** Returns the commands and groups of commands that may follow these words. */
function nextWords(before: readonly string[], commands: readonly Command[]): readonly Candidate[] {
  const start = before.map((word) => `${word} `).join("");
  const found = new Map<string, string>();
  for (const { name, summary } of commands) {
    if (!name.startsWith(start)) continue;
    const [word = "", ...more] = name.slice(start.length).split(" ");
    found.set(word, more.length === 0 ? summary : `${start}${word} ...`);
  }
  return [...found].map(([word, about]) => ({ word, about }));
}

function flagOf(word: string, flags: readonly CommandFlag[]): CommandFlag | undefined {
  const [, name] = /^--?([^-=].*)$/.exec(word) ?? [];
  return flags.find((flag) => flag.name === name);
}

function valuesOf({ kind, value }: CommandFlag): readonly string[] {
  if (kind === "bool") return ["true", "false"];
  return value.includes("|") ? value.split("|") : [];
}

function plain(word: string): Candidate {
  return { word, about: "" };
}
