import { OperatingError } from "../lib/errors.ts";
import type { JoinRequest } from "./join-call.ts";

/**
 * Checks what a server can check by itself of an agent that joins.
 * @throws OperatingError conflict "join-conflict" if the agent is of another datacenter or has the server's node id
 */
export function refuseStranger(
  own: Pick<JoinRequest, "id" | "name" | "datacenter">,
  { datacenter, id }: JoinRequest,
): void {
  // Consul: the joining agent itself finds the conflict, so in the text "Member" is the server and "this agent" is the joining
  // one.
  if (datacenter !== own.datacenter)
    throw conflict(`Member '${own.name}' part of wrong datacenter '${own.datacenter}'`);
  if (id === own.id) throw conflict(`Member '${own.name}' has conflicting node ID '${id}' with this agent's ID`);
}

function conflict(message: string): OperatingError {
  return new OperatingError("conflict", "join-conflict", message);
}

/** Returns the error for a server that joins a server without a cluster. */
export function serverAlone({ name }: JoinRequest): OperatingError {
  const message =
    `this server stands alone, since it has -bootstrap: start ${name} without -server, as a client agent, or all servers with ` +
    "-bootstrap-expect and -retry-join";
  return new OperatingError("invalid", "server-alone", message);
}

/** Returns the error for a server that joins without its settings. */
export function withoutSettings({ name }: JoinRequest): OperatingError {
  const message = `the server ${name} joins without its settings; run the same version on all servers`;
  return new OperatingError("invalid", "invalid-join", message);
}

/** Returns the error for an agent whose node id an agent at another address has. */
export function idInUse({ name, id, address }: JoinRequest, known: JoinRequest): OperatingError {
  const message =
    `an agent with the node id ${id} is connected from ${known.address} as ${known.name}, and ${name} at ${address} has the ` +
    "same id: give each agent a data folder of its own, without a copy of another one's file";
  return new OperatingError("conflict", "node-id-in-use", message);
}
