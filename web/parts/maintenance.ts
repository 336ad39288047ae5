/* Consul: maintenance is a critical check with one of these ids. */

export const nodeMaintenanceId = "_node_maintenance";
export const serviceMaintenancePrefix = "_service_maintenance:";

/** Returns whether a check is that of a maintenance. */
export function isMaintenance(checkId: string): boolean {
  return checkId === nodeMaintenanceId || checkId.startsWith(serviceMaintenancePrefix);
}
