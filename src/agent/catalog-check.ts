import type { Check } from "../model/check.ts";
import type { Service } from "../model/service.ts";
import type { LocalCheck } from "./registrations.ts";

/** A check as the catalog keeps it: without its output, and without its definition, as Consul shows agents' checks. */
export function toCatalogCheck(node: string, check: LocalCheck, service: Service | undefined): Check {
  return {
    node,
    id: check.definition.id,
    name: check.definition.name,
    status: check.status,
    notes: check.definition.notes,
    output: "",
    serviceId: check.definition.serviceId,
    serviceName: service?.name ?? "",
    serviceTags: service?.tags ?? [],
    type: check.type,
    definition: {},
  };
}
