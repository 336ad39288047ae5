import { OperatingError } from "../lib/errors.ts";
import { checkStatuses, type CheckStatus } from "../model/check.ts";
import { fieldNames, JsonFields } from "./json-fields.ts";

/** The status and output that a service reports for its TTL check. */
export interface CheckUpdate {
  readonly status: CheckStatus;
  readonly output: string;
}

/**
 * Decodes the body of agent/check/update.
 * @throws OperatingError invalid, with the text of the HTTP response
 */
export function decodeCheckUpdate(json: unknown): CheckUpdate {
  const fields = new JsonFields(json, { names, source: "api", where: "checkUpdate", goPackage: "agent" });
  const status = fields.string("Status");
  const output = fields.string("Output");
  const known = checkStatuses.find((name) => name === status);
  if (known === undefined) throw new OperatingError("invalid", "validation", `Invalid check status: '${status}'`);
  return { status: known, output };
}

const names = fieldNames(["Status", "Output"]);
