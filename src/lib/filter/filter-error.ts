import { OperatingError } from "../errors.ts";

/** The error for a filter with a syntax error, or one that does not fit the rows' fields. Consul's text. */
export function filterError(what: string): OperatingError {
  return new OperatingError("invalid", "filter", `Failed to create boolean expression evaluator: ${what}`);
}
