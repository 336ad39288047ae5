import manifest from "../package.json" with { type: "json" };
import type { Command, CommandIo } from "./cli/command.ts";
import { agentCommand } from "./cli/commands/agent.ts";
import { checkerCommand } from "./cli/commands/checker.ts";
import { edgexCommand } from "./cli/commands/edgex.ts";
import { healthCommand } from "./cli/commands/health.ts";
import { versionCommand } from "./cli/commands/version.ts";
import { runCommand } from "./cli/run-command.ts";
import { startDaemon } from "./daemon.ts";
import { systemClock } from "./lib/clock.ts";

const io: CommandIo = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  env: process.env,
  isTerminal: process.stdout.isTTY === true,
};

/** How this program is started again: as a built executable by itself, else by Bun with this file. */
const executable = Bun.isStandaloneExecutable ? [process.execPath] : [process.execPath, import.meta.path];

const agent = agentCommand({ version: manifest.version, clock: systemClock, start: startDaemon });
const commands: readonly Command[] = [
  agent,
  checkerCommand,
  edgexCommand({ executable, startAgent: (args) => agent.run(args, io) }),
  healthCommand,
  versionCommand(manifest.version),
];

// Not awaited at the top level: the executable is built as bytecode, which has no such thing.
void runCommand(process.argv.slice(2), commands, io).then((code) => process.exit(code));
