import { fstatSync } from "node:fs";
import manifest from "../package.json" with { type: "json" };
import type { Command, CommandIo } from "./cli/command.ts";
import { agentCommand } from "./cli/commands/agent.ts";
import { catalogDatacentersCommand } from "./cli/commands/catalog-datacenters.ts";
import { catalogNodesCommand } from "./cli/commands/catalog-nodes.ts";
import { catalogServicesCommand } from "./cli/commands/catalog-services.ts";
import { checkerCommand } from "./cli/commands/checker.ts";
import { edgexCommand } from "./cli/commands/edgex.ts";
import { eventCommand } from "./cli/commands/event.ts";
import { execCommand } from "./cli/commands/exec.ts";
import { forceLeaveCommand } from "./cli/commands/force-leave.ts";
import { healthCommand } from "./cli/commands/health.ts";
import { kvDeleteCommand } from "./cli/commands/kv-delete.ts";
import { kvExportCommand } from "./cli/commands/kv-export.ts";
import { kvGetCommand } from "./cli/commands/kv-get.ts";
import { kvImportCommand } from "./cli/commands/kv-import.ts";
import { kvPutCommand } from "./cli/commands/kv-put.ts";
import { membersCommand } from "./cli/commands/members.ts";
import { snapshotInspectCommand } from "./cli/commands/snapshot-inspect.ts";
import { snapshotRestoreCommand } from "./cli/commands/snapshot-restore.ts";
import { snapshotSaveCommand } from "./cli/commands/snapshot-save.ts";
import { infoCommand } from "./cli/commands/info.ts";
import { joinCommand } from "./cli/commands/join.ts";
import { keygenCommand } from "./cli/commands/keygen.ts";
import { keyringCommand } from "./cli/commands/keyring.ts";
import { leaveCommand } from "./cli/commands/leave.ts";
import { maintCommand } from "./cli/commands/maint.ts";
import { operatorAutopilotGetConfigCommand } from "./cli/commands/operator-autopilot-get-config.ts";
import { operatorAutopilotSetConfigCommand } from "./cli/commands/operator-autopilot-set-config.ts";
import { operatorRaftListPeersCommand } from "./cli/commands/operator-raft-list-peers.ts";
import { operatorRaftRemovePeerCommand } from "./cli/commands/operator-raft-remove-peer.ts";
import { reloadCommand } from "./cli/commands/reload.ts";
import { rttCommand } from "./cli/commands/rtt.ts";
import { servicesDeregisterCommand } from "./cli/commands/services-deregister.ts";
import { servicesRegisterCommand } from "./cli/commands/services-register.ts";
import { validateCommand } from "./cli/commands/validate.ts";
import { versionCommand } from "./cli/commands/version.ts";
import { runCommand } from "./cli/run-command.ts";
import { startDaemon } from "./daemon.ts";
import { systemClock } from "./lib/clock.ts";
import { writeAll } from "./lib/write-all.ts";

// process.stdout and its isTTY would do the same, and cost an idle agent 6 MiB.
const io: CommandIo = {
  stdout: (text) => writeAll(1, text),
  stderr: (text) => writeAll(2, text),
  stdin: () => Bun.stdin.bytes(),
  env: process.env,
  isTerminal: fstatSync(1).isCharacterDevice(),
  isErrorTerminal: fstatSync(2).isCharacterDevice(),
};

/** How this program is started again: as a built executable by itself, else by Bun with this file. */
const executable = Bun.isStandaloneExecutable ? [process.execPath] : [process.execPath, import.meta.path];

const agent = agentCommand({ version: manifest.version, clock: systemClock, start: startDaemon });
const commands: readonly Command[] = [
  agent,
  catalogDatacentersCommand,
  catalogNodesCommand,
  catalogServicesCommand,
  checkerCommand,
  edgexCommand({ executable, startAgent: (args) => agent.run(args, io) }),
  eventCommand,
  execCommand,
  forceLeaveCommand,
  healthCommand,
  kvDeleteCommand,
  kvExportCommand,
  kvGetCommand,
  kvImportCommand,
  kvPutCommand,
  membersCommand,
  snapshotInspectCommand,
  snapshotRestoreCommand,
  snapshotSaveCommand,
  infoCommand,
  joinCommand,
  keygenCommand,
  keyringCommand,
  leaveCommand,
  maintCommand,
  operatorAutopilotGetConfigCommand,
  operatorAutopilotSetConfigCommand,
  operatorRaftListPeersCommand,
  operatorRaftRemovePeerCommand,
  reloadCommand,
  rttCommand,
  servicesDeregisterCommand,
  servicesRegisterCommand,
  validateCommand,
  versionCommand(manifest.version),
];

// A timer of the clock keeps no process alive, and a command may be waiting for nothing else.
setInterval(() => {}, 2 ** 31 - 1);
// Not awaited at the top level: the executable is built as bytecode, which has no such thing.
void runCommand(process.argv.slice(2), commands, io).then((code) => process.exit(code));
