import { OperatingError } from "../lib/errors.ts";
import type { Outcome, Rejection } from "../state/command.ts";

/** Turns a rejected command into the error that the client is shown; texts are Consul's. */
export function throwIfRejected(outcome: Outcome): void {
  if (outcome.type === "rejected") throw new OperatingError("conflict", outcome.reason.code, explain(outcome.reason));
}

function explain(reason: Rejection): string {
  switch (reason.code) {
    case "node-id-taken":
      return (
        `failed inserting node: Error while renaming Node ID: "${reason.id}": ` +
        `Node name ${reason.name} is reserved by node ${reason.by} with name ${reason.name}`
      );
    case "unknown-service":
      return `failed inserting check: Missing service registration on node "${reason.node}"`;
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
