import type { InstanceInput, InstanceOutput, InstanceShown } from "./catalog-model.ts";
import type { LineAnswer, LineRequest } from "./line.ts";

/** The instance that clients register with the agent. They write the other instances to the catalog, each on its own node. */
export const agentInstance = "agent";

/** Returns the request for an operation on the service of this name. */
export function catalogRequest(service: string, input: InstanceInput): LineRequest {
  switch (input.kind) {
    case "read":
      return { method: "GET", path: `/v1/${input.endpoint}/${service}` };
    case "register":
      return registration(service, input.instance, { revision: input.revision });
    case "deregister":
      return deregistration(service, input.instance);
  }
}

function registration(service: string, instance: string, Meta: { readonly revision: string }): LineRequest {
  const ID = idOf(service, instance);
  if (instance === agentInstance) return putJson("/v1/agent/service/register", { ID, Name: service, Meta });
  const Service = { ID, Service: service, Meta };
  return putJson("/v1/catalog/register", { Node: ID, Address: "192.0.2.1", Service });
}

function deregistration(service: string, instance: string): LineRequest {
  const id = idOf(service, instance);
  if (instance === agentInstance) return { method: "PUT", path: `/v1/agent/service/deregister/${id}` };
  return putJson("/v1/catalog/deregister", { Node: id, ServiceID: id });
}

function idOf(service: string, instance: string): string {
  return `${service}-${instance}`;
}

function putJson(path: string, body: object): LineRequest {
  return { method: "PUT", path, body: JSON.stringify(body) };
}

/** Decodes the answer to an operation. @throws Error for an answer that no correct agent gives */
export function catalogOutput(service: string, input: InstanceInput, { status, body }: LineAnswer): InstanceOutput {
  if (status !== 200) throw new Error(`${JSON.stringify(input)} was answered ${status} ${body}`);
  if (input.kind !== "read") return "done";
  const rows = JSON.parse(body) as readonly (CatalogRow | HealthRow)[];
  return rows.map((row) => shown(service, "Service" in row ? row.Service : catalogRow(row)));
}

interface Instance {
  readonly ID: string;
  readonly Meta: Readonly<Record<string, string>>;
  readonly ModifyIndex: number;
}

interface HealthRow {
  readonly Service: Instance;
}

interface CatalogRow {
  readonly ServiceID: string;
  readonly ServiceMeta: Readonly<Record<string, string>>;
  readonly ModifyIndex: number;
}

function catalogRow({ ServiceID, ServiceMeta, ModifyIndex }: CatalogRow): Instance {
  return { ID: ServiceID, Meta: ServiceMeta, ModifyIndex };
}

function shown(service: string, { ID, Meta, ModifyIndex }: Instance): InstanceShown {
  return { instance: ID.slice(service.length + 1), revision: Meta["revision"] ?? "", modifyIndex: ModifyIndex };
}
