import type { Rejection } from "./command.ts";

/** Returns Consul's text for a rejection. */
export function rejectionText(reason: Rejection): string {
  switch (reason.code) {
    case "node-id-taken":
      return (
        `Error while renaming Node ID: "${reason.id}": ` +
        `Node name ${reason.name} is reserved by node ${reason.by} with name ${reason.name}`
      );
    case "member-id-taken":
      return `Member '${reason.by}' has conflicting node ID '${reason.id}' with this agent's ID`;
    case "unknown-service":
      return `Missing service registration on node "${reason.node}"`;
    case "unknown-node":
      return "Missing node registration";
    case "unknown-check":
      return `Missing check '${reason.id}' registration`;
    case "critical-check":
      return `Check '${reason.id}' is in critical state`;
    case "key-in-the-way":
      return `key ${JSON.stringify(reason.key)} cannot have a value while ${JSON.stringify(reason.other)} has one`;
    case "missing-session":
      return "missing session";
    case "invalid-session-id":
      return `failed session lookup: index error: ${reason.fault}`;
    case "unknown-session":
      return `invalid session ${JSON.stringify(reason.id)}`;
    case "unknown-query":
      return `Cannot modify non-existent prepared query: '${reason.id}'`;
    case "query-name-taken":
      return `name '${reason.name}' aliases an existing query ${reason.by}`;
    case "second-catch-all":
      return "a query template with an empty name already exists";
    case "invalid-query-session":
      return `invalid session: index error: ${reason.fault}`;
    case "unusable-template":
      return `failed compiling template: ${reason.fault}`;
  }
}
