import "./cli/survive-signals.ts";
import { fstatSync } from "node:fs";
import { basename } from "node:path";
import manifest from "../package.json" with { type: "json" };
import { clientCommands } from "./cli/client-commands.ts";
import type { Command, CommandIo } from "./cli/command.ts";
import { agentCommand, type AgentCommandOptions } from "./cli/commands/agent.ts";
import { checkerCommand } from "./cli/commands/checker.ts";
import { completionCommand } from "./cli/commands/completion.ts";
import { edgexCommand } from "./cli/commands/edgex.ts";
import { healthCommand } from "./cli/commands/health.ts";
import { operatorRecoverCommand } from "./cli/commands/operator-recover.ts";
import { versionCommand } from "./cli/commands/version.ts";
import { completionAnswer } from "./cli/completion/answer-shell.ts";
import { runCommand } from "./cli/run-command.ts";
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

/** The command line that starts this program again: the built executable, or Bun with this file. */
const executable = Bun.isStandaloneExecutable ? [process.execPath] : [process.execPath, import.meta.path];
/** The name of the executable or of the link that started it. Some names of links imply arguments: "kong-db-checker.sh". */
const programName = Bun.isStandaloneExecutable ? basename(process.argv0) : "praetor";

const agentOptions: AgentCommandOptions = {
  version: manifest.version,
  clock: systemClock,
  // Imported on demand, so that commands which only query an agent start faster.
  start: async (config, options) => (await import("./server/start-daemon.ts")).startDaemon(config, options),
};
const commands: readonly Command[] = [
  agentCommand(agentOptions),
  checkerCommand,
  completionCommand({ name: programName, executable }),
  edgexCommand({
    executable,
    startAgent: (args, onServing) => agentCommand({ ...agentOptions, onServing }).run(args, io),
  }),
  healthCommand,
  operatorRecoverCommand(async (folder, clock) => (await import("./server/recovery.ts")).openRecovery(folder, clock)),
  versionCommand(manifest.version),
  ...clientCommands,
];

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
