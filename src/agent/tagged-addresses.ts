import { isIP } from "node:net";
import type { Service, ServiceAddress } from "../model/service.ts";

/** Consul: an agent tells a service's IP address under its family's names too, unless the service named them itself. */
export function taggedAddressesOf(service: Service): Service {
  const family = isIP(service.address);
  if (family === 0) return service;
  const address: ServiceAddress = { address: service.address, port: service.port };
  const suffix = family === 4 ? "ipv4" : "ipv6";
  const taggedAddresses = { [`lan_${suffix}`]: address, [`wan_${suffix}`]: address, ...service.taggedAddresses };
  return { ...service, taggedAddresses };
}
