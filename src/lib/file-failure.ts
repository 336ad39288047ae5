import { messageOf } from "./errors.ts";

/** Formats a file system error as Go's programs do: "open /a/file: no such file or directory". */
export function fileFailure(thrown: unknown): string {
  const message = messageOf(thrown);
  if (!(thrown instanceof Error && "path" in thrown)) return message;
  const what = /^E[A-Z0-9]+: (.*?)(, \w+( '|$)|$)/.exec(message)?.[1] ?? message;
  // Go's message names `open`, its first system call on a file. Bun's message may name another call, such as stat.
  return `open ${String(thrown.path)}: ${what}`;
}

/** Returns whether a file system call failed because there is no file or folder at its path. */
export function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT";
}
