import { CommandFailure } from "./command-failure.ts";

/**
 * Returns the key or prefix of the command, or "". Consul: drops a leading slash, with which no key begins.
 * @throws CommandFailure if there is more than one
 */
export function keyArgument(words: readonly string[]): string {
  if (words.length > 1) throw new CommandFailure(`Too many arguments (expected 1, got ${words.length})`);
  return (words[0] ?? "").replace(/^\//, "");
}

export function missingKey(): CommandFailure {
  return new CommandFailure("Error! Missing KEY argument");
}
