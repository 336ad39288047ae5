import { messageOf } from "../lib/errors.ts";

/** What is wrong with a file, as Consul's command line says it: "open nothing: no such file or directory". */
export function fileFailure(thrown: unknown): string {
  const message = messageOf(thrown);
  if (!(thrown instanceof Error && "syscall" in thrown && "path" in thrown)) return message;
  const what = /^E[A-Z0-9]+: (.*?)(, \w+( '|$)|$)/.exec(message)?.[1] ?? message;
  return `${String(thrown.syscall)} ${String(thrown.path)}: ${what}`;
}
