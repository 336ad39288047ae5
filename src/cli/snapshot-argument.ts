import { CommandFailure } from "./command-failure.ts";

/**
 * Returns the FILE argument of a snapshot command.
 * @throws CommandFailure if the FILE argument is missing or more than one is given
 */
export function snapshotArgument(words: readonly string[]): string {
  const [path] = words;
  if (path === undefined) throw new CommandFailure("Missing FILE argument");
  if (words.length > 1) throw new CommandFailure(`Too many arguments (expected 1, got ${words.length})`);
  return path;
}
