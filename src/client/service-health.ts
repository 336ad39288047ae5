import { OperatingError } from "../lib/errors.ts";
import { nodeMaintenanceId, reasonOf } from "../model/check-reason.ts";
import { type HttpClient, jsonOf } from "./http.ts";
import { decodeChecks, type ServiceCheck } from "./service-check.ts";

/** The agent that lists the checks, and the path of the list. */
export interface HealthSource {
  readonly http: HttpClient;
  /** The path and query of a list of checks: "/v1/health/checks/NAME". The default is the agent's list, /v1/agent/checks. */
  readonly path?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Resolves with the health of a service, according to the checks that an agent lists.
 * @throws OperatingError if the agent does not answer, or its answer is not a list of checks
 */
export async function askServiceHealth(
  service: string,
  { http, path = "/v1/agent/checks", signal }: HealthSource,
): Promise<ServiceHealth> {
  return serviceHealth(decodeChecks(jsonOf(await http.requestOk({ path, signal }))), service);
}

/**
 * Parses the URL of a list of checks. A URL without a path gets the path of the agent's own list.
 * @throws OperatingError invalid
 */
export function checksUrl(text: string): URL {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) {
    const message = `${JSON.stringify(text)} is not a URL; expected something like http://127.0.0.1:8500/v1/agent/checks`;
    throw new OperatingError("invalid", "invalid-url", message);
  }
  const url = new URL(text);
  if (url.pathname === "/") url.pathname = "/v1/agent/checks";
  return url;
}

/** The health of one service, according to the checks that an agent listed. */
export interface ServiceHealth {
  /** The status of the service; undefined if the list has no check of the service. */
  readonly status: string | undefined;
  /** One readable line for each check of the service or its node that is not passing. */
  readonly complaints: readonly string[];
}

/**
 * Returns the health of the service of this name, or else of the instance with this ID. An instance has the status of its worst
 * check, a service that of its best instance. A node in maintenance makes all its instances critical.
 */
export function serviceHealth(checks: readonly ServiceCheck[], service: string): ServiceHealth {
  const byName = checks.filter((check) => check.serviceName === service);
  const own = byName.length > 0 ? byName : checks.filter((check) => check.serviceId === service);
  if (own.length === 0) return { status: undefined, complaints: [] };
  const nodeChecks = checks.filter((check) => check.checkId === nodeMaintenanceId);
  const instanceIds = [...new Set(own.map((check) => check.serviceId))];
  const statuses = instanceIds.map((id) => worst([...own.filter((check) => check.serviceId === id), ...nodeChecks]));
  return {
    status: statuses.reduce((best, status) => (severity(status) < severity(best) ? status : best)),
    complaints: [...nodeChecks, ...own].filter((check) => check.status !== "passing").map(problemOf),
  };
}

function worst(checks: readonly ServiceCheck[]): string {
  return checks.map((check) => check.status).reduce((a, b) => (severity(b) > severity(a) ? b : a));
}

/** Returns the rank of a status: a worse status has a higher rank; a status unknown to Consul is between warning and critical. */
function severity(status: string): number {
  const known = ["passing", "warning", "", "critical"].indexOf(status);
  return known === -1 ? 2 : known;
}

function problemOf(check: ServiceCheck): string {
  const status = check.status === "" ? "without status" : check.status;
  const reason = reasonOf(check).trim().split("\n")[0] ?? "";
  return `check ${JSON.stringify(check.checkId)} of ${check.serviceId || "the node"} is ${status}${reason && `: ${reason}`}`;
}
