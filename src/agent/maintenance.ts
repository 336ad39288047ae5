import { OperatingError } from "../lib/errors.ts";
import { nodeMaintenanceId, serviceMaintenancePrefix } from "../model/check-reason.ts";
import type { Agent } from "./agent.ts";
import { fixedCheck } from "./local-state.ts";

/**
 * Registers a critical check of the node, which makes every service on it critical. Consul: a second call keeps the first
 * reason.
 * @param token the secret of the request's token, if it brings one
 */
export async function enableNodeMaintenance(agent: Agent, reason: string, token?: string): Promise<void> {
  if (agent.checks.has(nodeMaintenanceId)) return;
  await agent.addFixedCheck(
    fixedCheck({
      id: nodeMaintenanceId,
      name: "Node Maintenance Mode",
      serviceId: "",
      notes: reason || defaultReason("node"),
    }),
    "maintenance",
    token,
  );
}

export async function disableNodeMaintenance(agent: Agent): Promise<void> {
  if (agent.checks.has(nodeMaintenanceId)) await agent.deregisterCheck(nodeMaintenanceId);
}

/**
 * Registers a critical check of a service, which puts the service into maintenance mode.
 * @throws OperatingError not-found for a service that is not registered with this agent
 */
export async function enableServiceMaintenance(
  agent: Agent,
  serviceId: string,
  { reason, token }: { readonly reason: string; readonly token?: string | undefined },
): Promise<void> {
  requireService(agent, serviceId);
  const id = serviceMaintenancePrefix + serviceId;
  if (agent.checks.has(id)) return;
  await agent.addFixedCheck(
    fixedCheck({ id, name: "Service Maintenance Mode", serviceId, notes: reason || defaultReason("service") }),
    "maintenance",
    token,
  );
}

/**
 * Removes a service's maintenance check.
 * @throws OperatingError not-found for a service that is not registered with this agent
 */
export async function disableServiceMaintenance(agent: Agent, serviceId: string): Promise<void> {
  requireService(agent, serviceId);
  const id = serviceMaintenancePrefix + serviceId;
  if (agent.checks.has(id)) await agent.deregisterCheck(id);
}

function defaultReason(what: "node" | "service"): string {
  return `Maintenance mode is enabled for this ${what}, but no reason was provided. This is a default message.`;
}

function requireService(agent: Agent, id: string): void {
  if (agent.services.has(id)) return;
  throw new OperatingError("not-found", "unknown-service", `No service registered with ID ${JSON.stringify(id)}`);
}
