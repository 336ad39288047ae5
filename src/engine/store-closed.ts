import { OperatingError } from "../lib/errors.ts";

/** What every engine answers to a commit after close. */
export function storeClosed(): OperatingError {
  return new OperatingError("unavailable", "store-closed", "the store is closed: the agent is stopping.");
}
