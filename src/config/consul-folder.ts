import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The data that an earlier Consul agent left in the data folder. */
export interface ConsulFolder {
  /** The node id that Consul stored, in lower case; undefined if the file is missing or damaged. */
  readonly nodeId: string | undefined;
  /** Whether the folder holds Consul's keys and catalog, which Praetor cannot read. */
  readonly holdsState: boolean;
}

/** Files of Consul 1.x: Raft's log on a server, Serf's snapshot on any agent. */
const stateFiles: readonly string[] = ["raft/raft.db", "serf/local.snapshot"];

export function readConsulFolder(folder: string): ConsulFolder {
  return {
    nodeId: nodeIdIn(join(folder, "node-id")),
    holdsState: stateFiles.some((file) => existsSync(join(folder, file))),
  };
}

/** Describes a data folder that holds Consul's state, and how to import that state, for the log and `praetor doctor`. */
export function describeConsulFolder(folder: string): { readonly problem: string; readonly advice: string } {
  return {
    problem: `The data folder ${folder} holds keys and services of Consul, which Praetor does not read.`,
    advice:
      'To import them, start Consul on this folder once more, run "consul snapshot save backup.snap", and with this agent ' +
      'running "praetor import -from-consul=backup.snap". Then remove raft and serf from the folder.',
  };
}

function nodeIdIn(file: string): string | undefined {
  try {
    const id = readFileSync(file, "utf8").trim().toLowerCase();
    return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) ? id : undefined;
  } catch {
    return undefined;
  }
}
