import { OperatingError } from "../lib/errors.ts";

/** Returns the error with which every engine rejects a commit after close. */
export function storeClosed(): OperatingError {
  return new OperatingError("unavailable", "store-closed", "the store is closed: the agent is stopping.");
}
