import { OperatingError } from "../errors.ts";

/** A filter that cannot be understood or does not fit what it filters. */
export function filterError(what: string): OperatingError {
  return new OperatingError("invalid", "filter", `Failed to create boolean expression evaluator: ${what}`);
}
