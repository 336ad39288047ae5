import { OperatingError } from "../lib/errors.ts";

/** The rejection of a commit after close, by any engine. */
export function storeClosed(): OperatingError {
  return new OperatingError("unavailable", "store-closed", "the store is closed: the agent is stopping.");
}
