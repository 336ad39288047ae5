import type { CheckDefinition } from "./check.ts";
import type { Service, ServiceDefinition } from "./service.ts";

const listeningIntervalMs = 10_000;
const listeningTimeoutMs = 10_000;

/** Returns the id of a service's sidecar proxy. Consul: a definition cannot choose another id. */
export function sidecarId(serviceId: string): string {
  return `${serviceId}-sidecar-proxy`;
}

/**
 * Returns the definition of a service's sidecar proxy that listens on `port`, with the default two checks if its definition has
 * no checks; undefined for a service without a sidecar.
 */
export function sidecarAt(definition: ServiceDefinition, port: number): ServiceDefinition | undefined {
  if (definition.sidecar === undefined) return undefined;
  const { service, checks } = definition.sidecar;
  const placed = { ...service, port, taggedAddresses: taggedAddressesAt(service, port) };
  return { service: placed, checks: checks.length > 0 ? checks : defaultChecks(placed, definition.service.id) };
}

/** Returns the tagged addresses, with `port` in those that were derived from the sidecar's address while its port was 0. */
function taggedAddressesAt({ address, taggedAddresses }: Service, port: number): Service["taggedAddresses"] {
  if (taggedAddresses === null) return null;
  const entries = Object.entries(taggedAddresses).map(
    ([tag, at]) => [tag, at.address === address && at.port === 0 ? { address, port } : at] as const,
  );
  return Object.fromEntries(entries);
}

/** Returns a sidecar's two default checks. Consul: the TCP check dials the proxy's local service address. */
function defaultChecks({ id, port, proxy }: Service, serviceId: string): readonly CheckDefinition[] {
  const { localServiceAddress = "" } = proxy ?? {};
  const host = localServiceAddress.includes(":") ? `[${localServiceAddress}]` : localServiceAddress;
  const shared = {
    notes: "",
    serviceId: id,
    initialStatus: "critical",
    successBeforePassing: 0,
    failuresBeforeCritical: 0,
    deregisterCriticalServiceAfterMs: 0,
    outputBytesMax: 4096,
  } as const;
  return [
    {
      ...shared,
      id: `service:${id}:1`,
      name: "Connect Sidecar Listening",
      method: {
        kind: "tcp",
        address: `${host}:${port}`,
        intervalMs: listeningIntervalMs,
        timeoutMs: listeningTimeoutMs,
      },
    },
    {
      ...shared,
      id: `service:${id}:2`,
      name: `Connect Sidecar Aliasing ${serviceId}`,
      method: { kind: "alias", node: "", service: serviceId },
    },
  ];
}
