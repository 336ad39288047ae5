import { OperatingError } from "../errors.ts";

/** Returns the error, with Consul's text, for a filter with a syntax error or one that does not fit the rows' fields. */
export function filterError(what: string): OperatingError {
  return new OperatingError("invalid", "filter", `Failed to create boolean expression evaluator: ${what}`);
}
