import { OperatingError } from "../lib/errors.ts";
import { fieldsOf } from "./json-object.ts";

/** A check from an answer of the agent or the catalog; a missing field is "". */
export interface ServiceCheck {
  readonly checkId: string;
  readonly name: string;
  readonly status: string;
  readonly output: string;
  readonly notes: string;
  readonly serviceId: string;
  readonly serviceName: string;
}

/**
 * Decodes an answer of /v1/agent/checks (an object, by check ID), or of /v1/health/checks/x or /v1/health/state/x (arrays). A
 * null means no checks.
 * @throws OperatingError invalid for anything else
 */
export function decodeChecks(json: unknown): readonly ServiceCheck[] {
  if (json === null) return [];
  if (typeof json !== "object") throw notChecks(JSON.stringify(json));
  return Object.values(json).map(decodeCheck);
}

function decodeCheck(json: unknown): ServiceCheck {
  const fields = fieldsOf(json);
  if (!("CheckID" in fields)) throw notChecks(JSON.stringify(json));
  const text = (name: string): string => (typeof fields[name] === "string" ? fields[name] : "");
  return {
    checkId: text("CheckID"),
    name: text("Name"),
    status: text("Status"),
    output: text("Output"),
    notes: text("Notes"),
    serviceId: text("ServiceID"),
    serviceName: text("ServiceName"),
  };
}

function notChecks(got: string): OperatingError {
  const message = `the answer is not a list of checks (/v1/agent/checks or /v1/health/checks/NAME give one): ${got.slice(0, 200)}`;
  return new OperatingError("invalid", "answer-not-checks", message);
}
