import type { Rejection } from "./command.ts";

/** Why a command was rejected, in Consul's words. */
export function rejectionText(reason: Rejection): string {
  switch (reason.code) {
    case "node-id-taken":
      return (
        `Error while renaming Node ID: "${reason.id}": ` +
        `Node name ${reason.name} is reserved by node ${reason.by} with name ${reason.name}`
      );
    case "unknown-service":
      return `Missing service registration on node "${reason.node}"`;
    case "unknown-node":
      return "Missing node registration";
    case "unknown-check":
      return `Missing check '${reason.id}' registration`;
    case "critical-check":
      return `Check '${reason.id}' is in critical state`;
    case "missing-session":
      return "missing session";
    case "invalid-session-id":
      return `failed session lookup: index error: ${reason.fault}`;
    case "unknown-session":
      return `invalid session ${JSON.stringify(reason.id)}`;
  }
}
