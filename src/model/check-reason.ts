/*
 * The reason for a check's status. A check that runs has the reason in its output. Fixed checks never run and have the
 * reason in their notes: Consul's maintenance checks, and the check for a port that belongs to another service.
 */

/** Returns the output, or the notes of a check without output; "" if it has neither. */
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
