/*
 * What a check tells a person about its status. Checks that are run say it in their output. Fixed checks are never run:
 * maintenance, which Consul has, too, and a port that belongs to another service. They say it in their notes.
 */

/** The output, or the notes of a check without one; "" if it has neither. */
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
