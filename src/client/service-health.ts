import { OperatingError } from "../lib/errors.ts";
import { nodeMaintenanceId, reasonOf } from "../model/check-reason.ts";
import { type HttpClient, jsonOf } from "./http.ts";
import { decodeChecks, type ServiceCheck } from "./service-check.ts";

/** Where the checks are asked for. */
export interface HealthSource {
  readonly http: HttpClient;
  /** Of a list of checks, with its query: "/v1/health/checks/NAME"; the agent's own, /v1/agent/checks, unless given. */
  readonly path?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks an agent how a service stands.
 * @throws OperatingError when the agent cannot be asked, or what it answers is no list of checks
 */
export async function askServiceHealth(
  service: string,
  { http, path = "/v1/agent/checks", signal }: HealthSource,
): Promise<ServiceHealth> {
  return serviceHealth(decodeChecks(jsonOf(await http.requestOk({ path, signal }))), service);
}

/**
 * The URL of a list of checks; one without a path is an agent's, and its own list is meant.
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

/** How one service stands, from the checks that an agent listed. */
export interface ServiceHealth {
  /** undefined when the list has no check of the service. */
  readonly status: string | undefined;
  /** One line a check that is not passing, for people. */
  readonly complaints: readonly string[];
}

/**
 * The health of the service of this name, or else of the instance of this ID. An instance is as well as its worst check,
 * a service as its best instance: one that can be used makes it usable. A node in maintenance makes all of them critical.
 */
export function serviceHealth(checks: readonly ServiceCheck[], service: string): ServiceHealth {
  const byName = checks.filter((check) => check.serviceName === service);
  const own = byName.length > 0 ? byName : checks.filter((check) => check.serviceId === service);
  if (own.length === 0) return { status: undefined, complaints: [] };
  const ofNode = checks.filter((check) => check.checkId === nodeMaintenanceId);
  const instanceIds = [...new Set(own.map((check) => check.serviceId))];
  const statuses = instanceIds.map((id) => worst([...own.filter((check) => check.serviceId === id), ...ofNode]));
  return {
    status: statuses.reduce((best, status) => (severity(status) < severity(best) ? status : best)),
    complaints: [...ofNode, ...own].filter((check) => check.status !== "passing").map(complaint),
  };
}

function worst(checks: readonly ServiceCheck[]): string {
  return checks.map((check) => check.status).reduce((a, b) => (severity(b) > severity(a) ? b : a));
}

/** A status that Consul does not have says nothing good: worse than warning, and shown as it came. */
function severity(status: string): number {
  const known = ["passing", "warning", "", "critical"].indexOf(status);
  return known === -1 ? 2 : known;
}

function complaint(check: ServiceCheck): string {
  const status = check.status === "" ? "without status" : check.status;
  const reason = reasonOf(check).trim().split("\n")[0] ?? "";
  return `check ${JSON.stringify(check.checkId)} of ${check.serviceId || "the node"} is ${status}${reason && `: ${reason}`}`;
}
