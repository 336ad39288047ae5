import { fieldsOf } from "./json-object.ts";

/** The address of a service. */
export interface ServiceEndpoint {
  readonly serviceId: string;
  readonly host: string;
  readonly port: number;
}

/** Decodes the answer of /v1/agent/services. Returns the addresses by service ID. */
export function decodeAgentServices(json: unknown): ReadonlyMap<string, ServiceEndpoint> {
  const endpoints = new Map<string, ServiceEndpoint>();
  for (const [serviceId, service] of Object.entries(fieldsOf(json))) {
    const { Address: host, Port: port } = fieldsOf(service);
    if (typeof host === "string" && typeof port === "number") endpoints.set(serviceId, { serviceId, host, port });
  }
  return endpoints;
}

/**
 * Returns the address of the instance with this ID in an answer of /v1/health/service/NAME; undefined if the answer lacks the
 * instance. An instance without an address has its node's address.
 */
export function decodeHealthService(json: unknown, serviceId: string): ServiceEndpoint | undefined {
  const rows: unknown[] = Array.isArray(json) ? json : [];
  for (const row of rows) {
    const { Node: node, Service: service } = fieldsOf(row);
    const { ID: id, Address: address, Port: port } = fieldsOf(service);
    const host = address === "" ? fieldsOf(node)["Address"] : address;
    if (id === serviceId && typeof host === "string" && typeof port === "number") return { serviceId, host, port };
  }
  return undefined;
}

export function isSameEndpoint(a: ServiceEndpoint | undefined, b: ServiceEndpoint | undefined): boolean {
  return a?.serviceId === b?.serviceId && a?.host === b?.host && a?.port === b?.port;
}
