import { accessSync, constants, existsSync } from "node:fs";
import { dirname } from "node:path";
import { parseCommandLine } from "../config/command-line.ts";
import { messageOf } from "../lib/errors.ts";
import { announcement } from "./announcement.ts";
import { type ManagedFolder, updateFolder } from "./managed-folder.ts";
import { type EdgexPlan, type FolderState, planEdgex } from "./plan.ts";

/** What the entry point may use of the process that it runs in. */
export interface EdgexIo {
  stdout(text: string): void;
  stderr(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTerminal: boolean;
  /** Starts this program; definitions call it for script checks. */
  readonly executable: readonly string[];
  /** Runs the agent with these words until it ends; resolves with its exit code. Calls `onServing` once it listens. */
  startAgent(args: readonly string[], onServing?: () => void): Promise<number>;
}

export const edgexHelp = `Usage: praetor edgex [agent] [agent flags]

  Runs the agent as EdgeX Geneva's Consul container does: writes the health checks of the services
  that do not register themselves, then starts a server with the UI on all addresses.

  Flags alone are added to "-ui -bootstrap -server -client 0.0.0.0", without -ui when there is a -ui-dir
  and without -bootstrap when there is a -bootstrap-expect; after the word "agent" they stand by
  themselves.

Environment:

  EDGEX_DB             redis (default) or mongo: whose health is checked; none: neither
  EDGEX_SECURE         true (default): the security services are checked, too
  PRAETOR_DATA_DIR     data folder; default /consul/data where there is /consul, else ./data
  PRAETOR_CONFIG_DIR   folder of the definitions; default /consul/config where that can be written,
                       else "config" in the data folder
  CONSUL_LOCAL_CONFIG, CONSUL_BIND_INTERFACE   as in Consul's own image
  MESSAGEBUS_HOST, MESSAGEBUS_PORT, MESSAGEBUS_PROTOCOL, MESSAGEBUS_TYPE   EdgeX's MQTT broker:
                       changes of keys are told there; EDGEX_MSG_BASE64_PAYLOAD and
                       EDGEX_MSG_CBOR_ENCODE say how
`;

/** Does what docker-edgex-consul's entry point did; resolves with the exit code when the agent ends. */
export async function runEdgex(args: readonly string[], io: EdgexIo): Promise<number> {
  const first = args[0];
  if (first === "-h" || first === "-help" || first === "--help") {
    io.stdout(edgexHelp);
    return 0;
  }
  if (first !== undefined && first !== "agent" && !first.startsWith("-")) {
    io.stderr(`praetor edgex: ${first} is neither "agent" nor a flag of the agent\n\n${edgexHelp}`);
    return 1;
  }
  const plan = planEdgex(args, { env: io.env, folderState, executable: io.executable });
  // The agent says itself what is wrong with its flags; until they are right, nothing is written.
  if (!areFlagsRight(plan.agentArgs)) return io.startAgent(plan.agentArgs);
  try {
    await prepare(plan, io);
  } catch (thrown) {
    io.stderr(`praetor edgex: ${messageOf(thrown)}\n`);
    return 1;
  }
  return io.startAgent(plan.agentArgs, () => io.stdout(announcement(plan, io.isTerminal)));
}

function areFlagsRight(flags: readonly string[]): boolean {
  try {
    parseCommandLine(flags);
    return true;
  } catch {
    return false;
  }
}

async function prepare(plan: EdgexPlan, io: EdgexIo): Promise<void> {
  for (const warning of plan.warnings) io.stderr(`praetor edgex: ${warning}\n`);
  for (const notice of plan.notices) io.stdout(`${notice}\n`);
  for (const folder of plan.folders) await prepareFolder(folder, io);
}

async function prepareFolder(folder: ManagedFolder, io: EdgexIo): Promise<void> {
  const { removed, keptChanged, keptOwn } = await updateFolder(folder);
  for (const name of removed) io.stdout(`Removing ${folder.path}/${name}: of an earlier setting\n`);
  for (const name of keptChanged)
    io.stderr(`praetor edgex: ${folder.path}/${name} is of an earlier setting but was changed since: left in use\n`);
  for (const name of keptOwn)
    io.stderr(
      `praetor edgex: ${folder.path}/${name} is not as this program writes it: left as it is; delete it for ours\n`,
    );
}

/** A folder that is not there counts as writable when only itself has to be made: nothing is created in "/". */
export function folderState(path: string): FolderState {
  if (existsSync(path)) return canWrite(path) ? "writable" : "read-only";
  return existsSync(dirname(path)) && canWrite(dirname(path)) ? "writable" : "absent";
}

function canWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
