import type { CheckDefinition } from "./check.ts";
import type { Service, ServiceDefinition } from "./service.ts";

const listeningIntervalMs = 10_000;
const listeningTimeoutMs = 10_000;

/** The id of the sidecar proxy of a service. Consul: definitions cannot choose another. */
export function sidecarId(serviceId: string): string {
  return `${serviceId}-sidecar-proxy`;
}

/**
 * The sidecar proxy of a service as it is registered when it listens on this port: with the usual two checks if it has none
 * of its own. undefined for a service without a sidecar.
 */
export function sidecarAt(definition: ServiceDefinition, port: number): ServiceDefinition | undefined {
  if (definition.sidecar === undefined) return undefined;
  const { service, checks } = definition.sidecar;
  const placed = { ...service, port, taggedAddresses: taggedAddressesAt(service, port) };
  return { service: placed, checks: checks.length > 0 ? checks : usualChecks(placed, definition.service.id) };
}

/** Tagged addresses that follow from the service's address were made with the port 0. */
function taggedAddressesAt({ address, taggedAddresses }: Service, port: number): Service["taggedAddresses"] {
  if (taggedAddresses === null) return null;
  const entries = Object.entries(taggedAddresses).map(
    ([tag, at]) => [tag, at.address === address && at.port === 0 ? { address, port } : at] as const,
  );
  return Object.fromEntries(entries);
}

/** Consul: the first check dials the address at which the proxy reaches its service, whatever the proxy's own address. */
function usualChecks({ id, port, proxy }: Service, serviceId: string): readonly CheckDefinition[] {
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
