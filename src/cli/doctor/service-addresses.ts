import { ipVersion } from "../../lib/ip-version.ts";
import { type Facts, type Finding, groupsOf, isLoopback, type ServiceFacts } from "./facts.ts";

/** A service that others are told to look for on their own machine. */
export function loopbackAddresses({ services, nodes }: Facts): readonly Finding[] {
  const elsewhere = [...services, ...nodes].find(({ address }) => !isLoopback(address));
  if (elsewhere === undefined) return [];
  const other = "id" in elsewhere && "port" in elsewhere ? elsewhere.name : `node ${elsewhere.name}`;
  return services
    .filter(({ address }) => isLoopback(address))
    .map((service) => ({
      kind: "service-on-localhost",
      where: placeOf(service),
      problem:
        `${service.name} is registered at ${endpointOf(service)}, and ${other} is at ${elsewhere.address}: from other ` +
        "hosts and containers that address leads to themselves.",
      advice:
        `Register ${service.name} with the host name or address that others reach it at (in EdgeX, Host in the ` +
        "[Service] part of its configuration).",
    }));
}

/** Names that mean something inside one network of containers only. */
export function unresolvedAddresses({ services, unresolvedNames }: Facts): readonly Finding[] {
  const outside = services.find(({ address }) => ipVersion(address) !== 0 && !isLoopback(address));
  if (outside === undefined) return [];
  return services
    .filter(({ address }) => unresolvedNames.has(address))
    .map((service) => ({
      kind: "service-name-unknown",
      where: placeOf(service),
      problem:
        `${service.name} is registered at ${endpointOf(service)}, a name that this machine cannot resolve, while ` +
        `${outside.name} at ${outside.address} is outside of its containers' network.`,
      advice: `Register ${service.name} with an address that all can reach, or put all into one network of containers.`,
    }));
}

/** Two registrations of which at least one is wrong. */
export function sharedAddresses({ services }: Facts): readonly Finding[] {
  const keyOf = (service: ServiceFacts): string => {
    if (service.port === 0) return "";
    // Of every machine there is a localhost, and names of containers may be used again.
    const isAddress = ipVersion(service.address) !== 0 && !isLoopback(service.address);
    return `${isAddress ? "" : service.node} ${endpointOf(service)}`.toLowerCase();
  };
  return groupsOf(services, keyOf).map((group) => {
    const [first = services[0], ...others] = group;
    const names = new Set(group.map(({ name }) => name));
    const where = group.map(placeOf).join(" and ");
    const endpoint = first === undefined ? "" : endpointOf(first);
    return names.size === 1
      ? {
          kind: "service-registered-twice",
          where,
          problem: `${group.length} instances of ${first?.name} are registered at ${endpoint}.`,
          advice:
            "An instance that registers under a new id at each start leaves the old ones behind: give it a fixed id, " +
            `and remove the others: praetor services deregister -id=${others[0]?.id}`,
        }
      : {
          kind: "address-shared",
          where,
          problem: `${[...names].join(" and ")} are registered at the same address, ${endpoint}.`,
          advice:
            "Only one can listen there: correct the host or port of the other, or remove what is not there any more.",
        };
  });
}

function placeOf({ node, id }: ServiceFacts): string {
  return `service ${id} on node ${node}`;
}

function endpointOf({ address, port }: ServiceFacts): string {
  return port === 0 ? address : `${address.includes(":") ? `[${address}]` : address}:${port}`;
}
