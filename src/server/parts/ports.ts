import type { RuntimeConfig } from "../../config/runtime-config.ts";
import type { Node } from "../../model/node.ts";
import { Ports, type PortsOptions } from "../../ports/ports.ts";

type PortsParts = Pick<PortsOptions, "agent" | "clock" | "events" | "log" | "machine" | "random" | "store">;

/** The ports of services on this machine, with its names and addresses as they are now. */
export function openPorts(config: RuntimeConfig, parts: PortsParts): Ports {
  const { dns, http, https, keeper } = config.ports;
  return new Ports({
    ...parts,
    rules: config.portAllocation,
    ownNames: [...namesOf(parts.agent.node), ...parts.machine.names()],
    ownPorts: [http, https, dns, keeper].filter((port) => port > 0),
  });
}

function namesOf({ name, address, taggedAddresses }: Node): readonly string[] {
  return [name, address, ...Object.values(taggedAddresses ?? {})];
}
