import { CommandFailure } from "./command-failure.ts";

/**
 * The key or prefix that a command is given, or "". Consul: no key begins with a slash, and people type one; it is left out.
 * @throws CommandFailure when there is more than one
 */
export function keyArgument(words: readonly string[]): string {
  if (words.length > 1) throw new CommandFailure(`Too many arguments (expected 1, got ${words.length})`);
  return (words[0] ?? "").replace(/^\//, "");
}

export function missingKey(): CommandFailure {
  return new CommandFailure("Error! Missing KEY argument");
}
