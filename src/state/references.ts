import { getNode, getService } from "./lookup.ts";
import { getSession } from "./session.ts";
import type { State } from "./state.ts";

/** What a row names that is not there, as a text for people; undefined when every row's node, service and session are. */
export function missingReference(state: State): string | undefined {
  for (const { id, node } of state.services.values())
    if (!getNode(state, node)) return `the service ${quote(id)} is on the node ${quote(node)}, which is missing`;
  for (const { id, node, serviceId } of state.checks.values()) {
    if (!getNode(state, node)) return `the check ${quote(id)} is on the node ${quote(node)}, which is missing`;
    if (serviceId !== "" && !getService(state, node, serviceId))
      return `the check ${quote(id)} is of the service ${quote(serviceId)}, which is missing`;
  }
  for (const { id, node } of state.sessions.values())
    if (!getNode(state, node)) return `the session ${id} is on the node ${quote(node)}, which is missing`;
  for (const { key, session } of state.kv.values())
    if (session !== "" && !getSession(state, session))
      return `the key ${quote(key)} is locked by the session ${quote(session)}, which is missing`;
  for (const { id, session } of state.preparedQueries.values())
    if (session !== "" && !getSession(state, session))
      return `the prepared query ${id} is bound to the session ${quote(session)}, which is missing`;
  return undefined;
}

function quote(name: string): string {
  return JSON.stringify(name);
}
