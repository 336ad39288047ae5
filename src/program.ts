import { fstatSync } from "node:fs";
import { basename, join } from "node:path";
import type { CommandIo } from "./cli/command.ts";
import { completionAnswer } from "./cli/completion/answer-shell.ts";
import { runCommand } from "./cli/run-command.ts";
import { allCommands } from "./commands.ts";
import { scriptArguments } from "./edgex/scripts.ts";
import { keepProcessAlive, systemClock } from "./lib/clock.ts";
import { writeAll } from "./lib/write-all.ts";

/** Aborts when the reader of standard output ends, as in `praetor monitor | head`. */
const readerGone = new AbortController();
// Uses the file descriptors directly, since process.stdout and its isTTY would cost an idle agent 6 MiB of memory.
const io: CommandIo = {
  stdout: (text) => void (writeAll(1, text) || readerGone.abort()),
  stderr: (text) => void writeAll(2, text),
  stdin: () => Bun.stdin.bytes(),
  env: process.env,
  clock: systemClock,
  isTerminal: fstatSync(1).isCharacterDevice(),
  isErrorTerminal: fstatSync(2).isCharacterDevice(),
  signal: readerGone.signal,
};

/** The command line that starts this program again: the built executable, or Bun with main.ts. */
const executable = Bun.isStandaloneExecutable
  ? [process.execPath]
  : [process.execPath, join(import.meta.dir, "main.ts")];
/** The name of the executable or of the link that started it. Some names of links imply arguments: "kong-db-checker.sh". */
const programName = Bun.isStandaloneExecutable ? basename(process.argv0) : "praetor";
const commands = allCommands({ name: programName, executable }, io);

const words = process.argv.slice(2);
const completions = completionAnswer(words, process.env, commands);
if (completions !== undefined) io.stdout(completions);
else {
  keepProcessAlive();
  // Not awaited at the top level: the executable is built as bytecode, which does not support top-level await.
  void runCommand([...(scriptArguments.get(programName) ?? []), ...words], commands, io).then((code) =>
    process.exit(code),
  );
}
