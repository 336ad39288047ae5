import { isDeepStrictEqual } from "node:util";
import { isFixedType, type LocalCheck } from "../agent/local-state.ts";
import { formatDuration } from "../lib/duration.ts";
import { parseGoUrl, requestUri } from "../lib/go-url.ts";
import type { CheckMethod, CheckRow, CheckStatus } from "../model/check.ts";
import type { KeeperHealthCheck, KeeperRegistration, KeeperStatus } from "../model/keeper-registration.ts";
import type { ServiceRow } from "../model/service.ts";
import type { CommitTimes } from "./commit-times.ts";
import { toServiceDefinition } from "./keeper-service.ts";

/** A service of this agent, with its row in the catalog, its checks, and its registration if it came by core-keeper's API. */
export interface OwnService {
  readonly row: ServiceRow;
  readonly checks: readonly LocalCheck[];
  readonly kept: KeeperRegistration | undefined;
}

export function showOwn({ row, checks, kept }: OwnService, times: CommitTimes): KeeperRegistration {
  const registeredMs = kept?.modifiedMs ?? times.at(row.modifyIndex);
  return {
    ...placeOf(row),
    status: statusOf(checks, { isKnown, given: kept?.status }),
    healthCheck: healthCheckOf(checks.find(isRun)?.definition.method, kept),
    createdMs: kept?.createdMs ?? times.at(row.createIndex),
    modifiedMs: Math.max(registeredMs, ...checks.map(({ saidMs = 0 }) => saidMs)),
  };
}

/** A service of another node: who registered it there tells what its checks say. */
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

/** A check that has said something, or has nothing to wait for. */
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

/** As it was written here, unless it is another by now: the service may have been registered anew over Consul's API. */
function healthCheckOf(method: CheckMethod | undefined, kept: KeeperRegistration | undefined): KeeperHealthCheck {
  const shown = shownHealthCheck(method);
  if (!kept) return shown;
  const [own] = toServiceDefinition(kept, { outputBytesMax: 0 }).checks;
  return isDeepStrictEqual(shownHealthCheck(own?.method), shown) ? kept.healthCheck : shown;
}

/** Of the kinds of checks that core-keeper does not know, as much as there is. */
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
