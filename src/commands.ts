import manifest from "../package.json" with { type: "json" };
import { clientCommands } from "./cli/client-commands.ts";
import type { Command, CommandIo } from "./cli/command.ts";
import { aclRecoverCommand } from "./cli/commands/acl-recover.ts";
import { agentCommand, type AgentCommandOptions } from "./cli/commands/agent.ts";
import { checkerCommand } from "./cli/commands/checker.ts";
import { completionCommand } from "./cli/commands/completion.ts";
import { edgexCommand } from "./cli/commands/edgex.ts";
import { healthCommand } from "./cli/commands/health.ts";
import { operatorRecoverCommand } from "./cli/commands/operator-recover.ts";
import { versionCommand } from "./cli/commands/version.ts";
import type { Program } from "./cli/completion/shell-script.ts";
import { systemClock } from "./lib/clock.ts";

const agentOptions: AgentCommandOptions = {
  version: manifest.version,
  clock: systemClock,
  // Imported on demand, so that commands which only query an agent start faster.
  start: async (config, options) => (await import("./server/start-daemon.ts")).startDaemon(config, options),
};

/**
 * Returns all commands of the program.
 * @param io the process, for the agent that `praetor edgex` runs
 */
export function allCommands(program: Program, io: CommandIo): readonly Command[] {
  return [
    agentCommand(agentOptions),
    checkerCommand,
    completionCommand(program),
    edgexCommand({
      executable: program.executable,
      startAgent: (args, onServing) => agentCommand({ ...agentOptions, onServing }).run(args, io),
    }),
    healthCommand,
    aclRecoverCommand(async (folder, clock) =>
      (await import("./server/acl-recovery.ts")).recoverStoppedAccess(folder, clock),
    ),
    operatorRecoverCommand(async (folder, clock) => (await import("./server/recovery.ts")).openRecovery(folder, clock)),
    versionCommand(manifest.version),
    ...clientCommands,
  ];
}
