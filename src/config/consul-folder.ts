import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Traces of a Consul in a data folder. */
export interface ConsulFolder {
  /** The id that its node had, in lower case; undefined if the folder does not tell. */
  readonly nodeId: string | undefined;
  /** Its keys or its registrations are there, which Praetor does not read. */
  readonly holdsState: boolean;
}

/** Files of Consul 1.x: of a server, of any agent's gossip. */
const stateFiles: readonly string[] = ["raft/raft.db", "serf/local.snapshot"];

export function readConsulFolder(folder: string): ConsulFolder {
  return {
    nodeId: nodeIdIn(join(folder, "node-id")),
    holdsState: stateFiles.some((file) => existsSync(join(folder, file))),
  };
}

/** The consequence of a data folder that is a Consul's, and what a person does about it. */
export function consulFolderAdvice(folder: string): string {
  return (
    `The data folder ${folder} is that of a Consul, and Praetor does not read its keys and services: this agent has only what ` +
    `is in its own praetor.db. To take them over, start that Consul once more, run "consul snapshot save backup.snap", and ` +
    `with this agent running "praetor import -from-consul=backup.snap". Then remove raft and serf from the folder`
  );
}

function nodeIdIn(file: string): string | undefined {
  try {
    const id = readFileSync(file, "utf8").trim().toLowerCase();
    return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) ? id : undefined;
  } catch {
    return undefined;
  }
}
