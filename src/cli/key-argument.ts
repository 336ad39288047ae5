import { CommandFailure } from "./command-failure.ts";

/**
 * Returns the command's argument KEY or PREFIX; "" if it is missing. Consul: drops a leading slash, since no key begins with a
 * slash.
 * @throws CommandFailure if there is more than one argument
 */
export function keyArgument(words: readonly string[]): string {
  if (words.length > 1) throw new CommandFailure(`Too many arguments (expected 1, got ${words.length})`);
  return (words[0] ?? "").replace(/^\//, "");
}

export function missingKey(): CommandFailure {
  return new CommandFailure("Error! Missing KEY argument");
}
