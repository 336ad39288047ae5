/*
 * The reason for a check's status. A check that runs has the reason in its output. A check that never runs has the reason in
 * its notes: Consul's maintenance checks, and the check for a port that belongs to another service.
 */

/** Returns a check's output, or its notes if the output is blank; "" if the check has neither. */
export function reasonOf({ output, notes }: { readonly output: string; readonly notes: string }): string {
  return output.trim() === "" ? notes : output;
}

export const nodeMaintenanceId = "_node_maintenance";
export const serviceMaintenancePrefix = "_service_maintenance:";
export const portConflictPrefix = "_port_conflict:";

export function isMaintenanceId(checkId: string): boolean {
  return checkId === nodeMaintenanceId || checkId.startsWith(serviceMaintenancePrefix);
}

export function isPortConflictId(checkId: string): boolean {
  return checkId.startsWith(portConflictPrefix);
}
