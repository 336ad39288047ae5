import { OperatingError } from "../lib/errors.ts";
import type { Outcome, Rejection } from "../state/command.ts";
import { rejectionText } from "../state/rejection-text.ts";

/** Throws the error that the client gets for a rejected command. The texts are Consul's. */
export function throwIfRejected(outcome: Outcome): void {
  if (outcome.type === "rejected") throw new OperatingError("conflict", outcome.reason.code, explain(outcome.reason));
}

function explain(reason: Rejection): string {
  switch (reason.code) {
    case "node-id-taken":
      return `failed inserting node: ${rejectionText(reason)}`;
    case "unknown-service":
      return `failed inserting check: ${rejectionText(reason)}`;
    default:
      return rejectionText(reason);
  }
}
