import { isDeepStrictEqual } from "node:util";
import { isFixedType, type LocalCheck } from "../agent/local-state.ts";
import { formatDuration } from "../lib/duration.ts";
import { parseGoUrl, requestUri } from "../lib/go-url.ts";
import type { CheckMethod, CheckRow, CheckStatus } from "../model/check.ts";
import type { KeeperHealthCheck, KeeperRegistration, KeeperStatus } from "../model/keeper-registration.ts";
import type { ServiceRow } from "../model/service.ts";
import type { CommitTimes } from "./commit-times.ts";
import { toServiceDefinition } from "./keeper-service.ts";

/** A service of this agent: its row in the catalog, its checks, and its registration if core-keeper's API made one. */
export interface OwnService {
  readonly row: ServiceRow;
  readonly checks: readonly LocalCheck[];
  readonly saved: KeeperRegistration | undefined;
}

export function showOwn({ row, checks, saved }: OwnService, times: CommitTimes): KeeperRegistration {
  const registeredMs = saved?.modifiedMs ?? times.at(row.modifyIndex);
  return {
    ...placeOf(row),
    status: statusOf(checks, { isKnown, given: saved?.status }),
    healthCheck: healthCheckOf(checks.find(isRun)?.definition.method, saved),
    createdMs: saved?.createdMs ?? times.at(row.createIndex),
    modifiedMs: Math.max(registeredMs, ...checks.map(({ saidMs = 0 }) => saidMs)),
  };
}

/** Returns the registration of a service of another node, with the status of its checks in the catalog. */
export function showOther(row: ServiceRow, checks: readonly CheckRow[], times: CommitTimes): KeeperRegistration {
  const indexes = [row, ...checks].map(({ modifyIndex }) => modifyIndex);
  return {
    ...placeOf(row),
    status: statusOf(checks, { isKnown: () => true, given: undefined }),
    healthCheck: otherHealthCheck(checks[0]),
    createdMs: times.at(row.createIndex),
    modifiedMs: times.at(Math.max(...indexes)),
  };
}

function placeOf({ id, address, port }: ServiceRow): Pick<KeeperRegistration, "serviceId" | "host" | "port"> {
  return { serviceId: id, host: address, port };
}

/** Returns whether the status of a check is known: the check has a result, has the status warning, or never runs. */
function isKnown(check: LocalCheck): boolean {
  return check.saidMs !== undefined || check.status === "warning" || !isRun(check);
}

function isRun({ type }: LocalCheck): boolean {
  return !isFixedType(type);
}

function statusOf<Check extends { readonly status: CheckStatus }>(
  checks: readonly Check[],
  { isKnown, given }: { readonly isKnown: (check: Check) => boolean; readonly given: KeeperStatus | undefined },
): KeeperStatus {
  if (checks.length === 0) return "UNKNOWN";
  const failing = checks.filter(({ status }) => status !== "passing");
  if (failing.length === 0) return "UP";
  return given === "DOWN" || failing.some(isKnown) ? "DOWN" : "UNKNOWN";
}

/** Returns the registration's check as the client wrote it, unless Consul's API has registered another check since. */
function healthCheckOf(method: CheckMethod | undefined, saved: KeeperRegistration | undefined): KeeperHealthCheck {
  const shown = shownHealthCheck(method);
  if (!saved) return shown;
  const [own] = toServiceDefinition(saved, { outputBytesMax: 0 }).checks;
  return isDeepStrictEqual(shownHealthCheck(own?.method), shown) ? saved.healthCheck : shown;
}

/**
 * Returns a check in core-keeper's form. For a kind of check that core-keeper does not have, the type is that kind, and the path
 * is the check's target or command, if it has one.
 */
function shownHealthCheck(method: CheckMethod | undefined): KeeperHealthCheck {
  switch (method?.kind) {
    case undefined:
      return { interval: "", path: "", type: "" };
    case "http":
      return { interval: formatDuration(method.intervalMs), ...partsOf(method.url) };
    case "tcp":
      return { interval: formatDuration(method.intervalMs), path: "", type: "tcp" };
    case "grpc":
      return { interval: formatDuration(method.intervalMs), path: method.target, type: "grpc" };
    case "script":
      return { interval: formatDuration(method.intervalMs), path: method.args.join(" "), type: "script" };
    case "docker":
      return { interval: formatDuration(method.intervalMs), path: method.args.join(" "), type: "docker" };
    case "ttl":
      return { interval: formatDuration(method.ttlMs), path: "", type: "ttl" };
    case "alias":
      return { interval: "", path: method.service, type: "alias" };
  }
}

function otherHealthCheck(check: CheckRow | undefined): KeeperHealthCheck {
  const { http, intervalMs } = check?.definition ?? {};
  const interval = intervalMs === undefined ? "" : formatDuration(intervalMs);
  return { interval, ...(http === undefined ? { path: "", type: check?.type ?? "" } : partsOf(http)) };
}

function partsOf(url: string): Pick<KeeperHealthCheck, "path" | "type"> {
  try {
    const parsed = parseGoUrl(url);
    return { path: requestUri(parsed), type: parsed.scheme };
  } catch {
    return { path: url, type: "http" };
  }
}
