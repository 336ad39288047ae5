import { messageOf } from "./errors.ts";

/** Formats a file system error as Go's programs do: "open nothing: no such file or directory". */
export function fileFailure(thrown: unknown): string {
  const message = messageOf(thrown);
  if (!(thrown instanceof Error && "path" in thrown)) return message;
  const what = /^E[A-Z0-9]+: (.*?)(, \w+( '|$)|$)/.exec(message)?.[1] ?? message;
  // Go opens a file first; Bun may call stat before, so the system call in its message is not used.
  return `open ${String(thrown.path)}: ${what}`;
}
