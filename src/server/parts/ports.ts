import type { RuntimeConfig } from "../../config/runtime-config.ts";
import type { Node } from "../../model/node.ts";
import { ServicePorts, type ServicePortsOptions } from "../../ports/service-ports.ts";

type PortsParts = Pick<ServicePortsOptions, "agent" | "clock" | "events" | "log" | "machine" | "random" | "store">;

/**
 * Opens the part that assigns ports to this machine's services. Reads the machine's host names and IP addresses; later changes
 * of them have no effect.
 */
export function openPorts(config: RuntimeConfig, parts: PortsParts): ServicePorts {
  const { dns, http, https, keeper } = config.ports;
  return new ServicePorts({
    ...parts,
    rules: config.portAllocation,
    ownNames: [...namesOf(parts.agent.node), ...parts.machine.names()],
    ownPorts: [http, https, dns, keeper].filter((port) => port > 0),
  });
}

function namesOf({ name, address, taggedAddresses }: Node): readonly string[] {
  return [name, address, ...Object.values(taggedAddresses ?? {})];
}
