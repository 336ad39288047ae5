import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { parseCommandLine } from "../config/command-line.ts";
import { messageOf, OperatingError } from "../lib/errors.ts";
import { type ManagedFolder, updateFolder } from "./managed-folder.ts";
import { type EdgexPlan, type FolderState, planEdgex } from "./plan.ts";

/*
 * edgex/ replaces EdgeX Geneva's image docker-edgex-consul: `praetor edgex` is its entry point.
 *
 *     environment and arguments ─▶ planEdgex: what to write, which flags
 *     ─▶ managed-folder.ts writes the definitions of services that do not register themselves
 *     ─▶ the agent runs; its checks call `praetor checker` in place of the image's scripts
 *
 * Invariants: the plan is pure, so that tests compare it with the image's behaviour. Only files that an earlier run wrote are
 * replaced; a definition that a person has changed stays.
 */

/** The parts of the process that runEdgex uses. */
export interface EdgexIo {
  stdout(text: string): void;
  stderr(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTerminal: boolean;
  /** The command that starts this program, for script checks. */
  readonly executable: readonly string[];
  /** Runs the agent with these arguments; resolves with its exit code. Calls `onServing` once the agent listens. */
  startAgent(args: readonly string[], onServing?: () => void): Promise<number>;
}

export const edgexHelp = `Usage: praetor edgex [agent] [agent flags]

  Runs the agent as EdgeX Geneva's Consul container does: writes definitions with health checks for
  the services that do not register themselves, then starts a server with the UI on all addresses.

  Without the word "agent", flags are appended to "-ui -bootstrap -server -client 0.0.0.0"; -ui-dir
  replaces -ui, and -bootstrap-expect replaces -bootstrap. After the word "agent" there are no
  default flags.

Environment:

  EDGEX_DB             the database to check: redis (default), mongo or none
  EDGEX_SECURE         true (default): also check the security services
  PRAETOR_DATA_DIR     data folder; default: /consul/data if it is there, else ./data
  PRAETOR_CONFIG_DIR   folder of the definitions; default: /consul/config if it is writable, else
                       "config" in the data folder
  CONSUL_LOCAL_CONFIG, CONSUL_BIND_INTERFACE   as in Consul's own image
  MESSAGEBUS_HOST, MESSAGEBUS_PORT, MESSAGEBUS_PROTOCOL, MESSAGEBUS_TYPE   EdgeX's MQTT broker, to
                       which the agent publishes changes of keys, encoded as
                       EDGEX_MSG_BASE64_PAYLOAD and EDGEX_MSG_CBOR_ENCODE say
`;

/**
 * Writes the definitions and starts the agent, as the entry point of docker-edgex-consul does; resolves with the agent's exit
 * code.
 */
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
  // The agent reports invalid flags itself; runEdgex writes no file while a flag is invalid.
  if (!areFlagsValid(plan.agentArgs)) return io.startAgent(plan.agentArgs);
  try {
    await prepare(plan, io);
  } catch (thrown) {
    io.stderr(`praetor edgex: ${messageOf(thrown)}\n`);
    return 1;
  }
  return io.startAgent(plan.agentArgs, () => io.stdout(announcement(plan, io.isTerminal)));
}

function areFlagsValid(flags: readonly string[]): boolean {
  try {
    parseCommandLine(flags);
    return true;
  } catch {
    return false;
  }
}

async function prepare(plan: EdgexPlan, io: EdgexIo): Promise<void> {
  if (folderState(plan.dataDir) === "read-only") throw unwritable(plan.dataDir);
  for (const warning of plan.warnings) io.stderr(`praetor edgex: ${warning}\n`);
  for (const notice of plan.notices) io.stdout(`${notice}\n`);
  for (const folder of plan.folders) await prepareFolder(folder, io);
}

/** Returns the error for a data folder such as the volume of Consul's image, which belongs to user 100, group 1000. */
function unwritable(folder: string): OperatingError {
  const { uid, gid } = statSync(folder);
  const message =
    `user ${process.getuid?.()} cannot write the data folder ${folder}, which belongs to user ${uid}, group ${gid}: run as that user ` +
    `(in a container: \`user: "${uid}:${gid}"\`), change the owner with chown -R, or name another folder in PRAETOR_DATA_DIR`;
  return new OperatingError("unavailable", "data-folder-not-writable", message);
}

async function prepareFolder(folder: ManagedFolder, io: EdgexIo): Promise<void> {
  const { removed, keptChanged, keptOwn } = await updateFolder(folder);
  for (const name of removed) io.stdout(`Removing ${folder.path}/${name}, which the current settings do not need\n`);
  for (const name of keptChanged)
    io.stderr(`praetor edgex: ${folder.path}/${name} is of earlier settings but was changed since: it stays in use\n`);
  for (const name of keptOwn)
    io.stderr(
      `praetor edgex: ${folder.path}/${name} was not written by Praetor and stays in use; delete it to get Praetor's\n`,
    );
}

/**
 * Returns whether a folder is writable, read-only or absent. A missing folder counts as writable if its parent exists and is
 * writable: Praetor would create /consul/data, but not /consul.
 */
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

/**
 * Returns the text that `praetor edgex` prints once the agent listens: the agent's addresses, and commands to try. Titles are
 * bold on a terminal.
 */
function announcement(plan: EdgexPlan, isTerminal: boolean): string {
  const title = (text: string): string => (isTerminal ? `\u001B[1m${text}\u001B[0m` : text);
  return [
    title("The registry and configuration of this EdgeX gateway is running"),
    `  HTTP API  ${plan.agentUrl}`,
    `  UI        ${plan.agentUrl}/ui/`,
    `  data      ${plan.dataDir}`,
    `  checks    ${plan.folders[0]?.path ?? ""}`,
    ...(plan.keeperUrl === undefined ? [] : [`  EdgeX 4   ${plan.keeperUrl}`]),
    title("Try in another terminal"),
    `  curl ${plan.agentUrl}/v1/agent/services`,
    `  curl -X PUT -d DEBUG ${plan.agentUrl}/v1/kv/edgex/core/1.0/edgex-core-data/Writable/LogLevel`,
    "",
  ].join("\n");
}
