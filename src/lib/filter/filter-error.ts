import { OperatingError } from "../errors.ts";

/** Returns an error with Consul's text, for a filter that has a syntax error or does not fit the fields of the rows. */
export function filterError(what: string): OperatingError {
  return new OperatingError("invalid", "filter", `Failed to create boolean expression evaluator: ${what}`);
}
