import { messageOf } from "./errors.ts";

/** What is wrong with a file, in the words of Go's programs: "open nothing: no such file or directory". */
export function fileFailure(thrown: unknown): string {
  const message = messageOf(thrown);
  if (!(thrown instanceof Error && "path" in thrown)) return message;
  const what = /^E[A-Z0-9]+: (.*?)(, \w+( '|$)|$)/.exec(message)?.[1] ?? message;
  // What a program does first with a file is to open it; that a runtime looks at it before is nobody's business.
  return `open ${String(thrown.path)}: ${what}`;
}
