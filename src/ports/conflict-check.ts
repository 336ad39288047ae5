import { fixedCheck } from "../agent/local-state.ts";
import type { FixedCheck } from "../agent/service-registration.ts";
import { portConflictPrefix } from "../model/check-reason.ts";

export function conflictCheckId(serviceId: string): string {
  return portConflictPrefix + serviceId;
}

/**
 * Keeps a service from looking healthy through whoever answers at its port. It goes when the service registers a port of
 * its own.
 */
export function conflictCheck(serviceId: string, reason: string): FixedCheck {
  const definition = fixedCheck({ id: conflictCheckId(serviceId), name: "Port Conflict", serviceId, notes: reason });
  return { definition, type: "port-conflict" };
}
