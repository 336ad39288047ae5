import { open } from "node:fs/promises";
import { basename } from "node:path";
import type { DeadlineOptions } from "../lib/deadline.ts";
import { formatDuration } from "../lib/duration.ts";
import { OperatingError } from "../lib/errors.ts";
import { OutputTail } from "../lib/output-tail.ts";
import { runProgram } from "../lib/run-program.ts";
import { startFailureText } from "../lib/start-failure.ts";

/** Bytes of the program's output that an error shows. */
const outputBytesMax = 1_024;

/**
 * Runs a program with a backup on its standard input and the backup's name in PRAETOR_BACKUP; resolves when it has taken all.
 * @throws OperatingError unavailable if it cannot be started, fails, or takes too long; Error if the file cannot be read
 */
export async function sendBackup(
  program: readonly string[],
  { path, name, ...deadline }: DeadlineOptions & { readonly path: string; readonly name: string },
): Promise<void> {
  const tail = new OutputTail(outputBytesMax);
  await using file = await open(path);
  const env = { ...process.env, PRAETOR_BACKUP: name };
  const end = await runProgram(program, {
    ...{ ...deadline, env, input: file.fd, receive: (chunk) => tail.write(chunk) },
  }).catch((error: unknown) => startFailureText(program[0] ?? "", error));
  if (end === 0) return;
  throw new OperatingError(
    "unavailable",
    "backup-not-sent",
    `backup.program (${basename(program[0] ?? "")}) has not taken the backup: ${reasonOf(end, deadline.timeoutMs)}${said(tail)}`,
  );
}

function reasonOf(end: number | string | null, timeoutMs: number): string {
  if (end === "cut off") return `it ran for ${formatDuration(timeoutMs)} and was ended`;
  if (typeof end === "string") return end;
  return end === null ? "a signal ended it" : `exit status ${end}`;
}

function said(tail: OutputTail): string {
  const text = tail.text().trim();
  return text === "" ? "" : `; it said: ${text}`;
}
