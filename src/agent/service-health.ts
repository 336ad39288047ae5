import type { Service } from "../model/service.ts";
import { worstStatus, type CheckStatus } from "../model/check.ts";
import { isMaintenanceId } from "../model/check-reason.ts";
import type { Agent } from "./agent.ts";
import type { LocalCheck } from "./local-state.ts";

export type AggregatedStatus = CheckStatus | "maintenance";

export interface ServiceHealth {
  readonly service: Service;
  readonly status: AggregatedStatus;
  /** The service's own checks, followed by the checks of its node. */
  readonly checks: readonly LocalCheck[];
}

/** Returns the health of a service registered with this agent: the worst status of its own checks and its node's checks. */
export function serviceHealth(agent: Agent, service: Service): ServiceHealth {
  const ids = [...agent.checksOf(service.id), ...agent.checksOf("")];
  const checks = ids.flatMap((id) => agent.checks.get(id) ?? []);
  return { service, checks, status: aggregate(checks) };
}

function aggregate(checks: readonly LocalCheck[]): AggregatedStatus {
  return checks.some(({ definition }) => isMaintenanceId(definition.id))
    ? "maintenance"
    : worstStatus(checks.map((check) => check.status));
}
