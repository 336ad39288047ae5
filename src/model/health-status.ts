import { isMaintenanceId } from "./check-reason.ts";
import type { CheckStatus } from "./check.ts";

/** The status of a check as people see it: a check of maintenance mode is critical to Consul, but nothing has failed. */
export type HealthStatus = "passing" | "warning" | "critical" | "maintenance";

/** All statuses, from worst to best. */
export const healthStatuses: readonly HealthStatus[] = ["critical", "maintenance", "warning", "passing"];

export function healthStatusOf({ id, status }: { readonly id: string; readonly status: CheckStatus }): HealthStatus {
  return isMaintenanceId(id) ? "maintenance" : status;
}

/** Returns the worst status of the items; passing if there are no items. */
export function worstOf(items: readonly { readonly status: HealthStatus }[]): HealthStatus {
  return healthStatuses.find((status) => items.some((item) => item.status === status)) ?? "passing";
}
