import { ipVersion } from "../lib/ip-version.ts";
import { type Facts, type Finding, groupsOf, isLoopback, type ServiceFacts } from "./facts.ts";

/** Reports services registered at localhost, whose address is wrong for clients on other hosts. */
export function loopbackAddresses({ services, nodes }: Facts): readonly Finding[] {
  const remote = [...services, ...nodes].find(({ address }) => !isLoopback(address));
  if (remote === undefined) return [];
  const other = "id" in remote && "port" in remote ? remote.name : `node ${remote.name}`;
  return services
    .filter(({ address }) => isLoopback(address))
    .map((service) => ({
      kind: "service-on-localhost",
      where: placeOf(service),
      problem:
        `${service.name} is registered at ${endpointOf(service)}, and ${other} is at ${remote.address}: on other ` +
        "hosts and in other containers, localhost is their own.",
      advice:
        `Register ${service.name} with the host name or address that others reach it at (in EdgeX, Host in the ` +
        "[Service] part of its configuration).",
    }));
}

/** Reports services registered with a host name that only one container network resolves. */
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
        `${outside.name} at ${outside.address} is outside that container network.`,
      advice: `Register ${service.name} with an address that all clients can reach, or put all into one container network.`,
    }));
}

/** Reports services with the same address and port: at most one of these registrations can be right. */
export function sharedAddresses({ services }: Facts): readonly Finding[] {
  const keyOf = (service: ServiceFacts): string => {
    if (service.port === 0) return "";
    // localhost and the names of containers refer to a different host on each node.
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
            "An instance that registers with a new id at each start leaves its old registrations behind: give it a fixed id, " +
            `and remove the others: praetor services deregister -id=${others[0]?.id}`,
        }
      : {
          kind: "address-shared",
          where,
          problem: `${[...names].join(" and ")} are registered at the same address, ${endpoint}.`,
          advice:
            "Only one can listen there: correct the host or port of the other, or deregister the one that no longer runs.",
        };
  });
}

function placeOf({ node, id }: ServiceFacts): string {
  return `service ${id} on node ${node}`;
}

function endpointOf({ address, port }: ServiceFacts): string {
  return port === 0 ? address : `${address.includes(":") ? `[${address}]` : address}:${port}`;
}
