import { CommandFailure } from "./command-failure.ts";

/**
 * Returns the FILE argument of a snapshot command.
 * @throws CommandFailure if there is none, or more than one
 */
export function snapshotArgument(words: readonly string[]): string {
  const [path] = words;
  if (path === undefined) throw new CommandFailure("Missing FILE argument");
  if (words.length > 1) throw new CommandFailure(`Too many arguments (expected 1, got ${words.length})`);
  return path;
}
