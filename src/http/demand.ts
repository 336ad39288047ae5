import type { Access, Resource, Rights } from "../acl/rights.ts";
import { permissionDenied } from "../registry/permissions.ts";
import { json } from "./answers.ts";
import { failedReadHeaders } from "./http-error.ts";
import type { HttpRequest } from "./http-request.ts";
import type { Operation } from "./route.ts";

/** Throws unless the request's caller has the permission. @throws OperatingError forbidden */
export function demand(request: HttpRequest, resource: Resource, access: Access, name = ""): void {
  if (!request.caller.rights.may(resource, access, name)) throw permissionDenied();
}

/** Returns the caller's rights. @throws OperatingError forbidden unless the request's token exists, or the request brings none */
export function demandToken(request: HttpRequest): Rights {
  return request.caller.rights;
}

/** Does the same as demand, with an error that names the permission, as the requests to an agent have in Consul. */
export function demandByName(request: HttpRequest, resource: "node" | "service", name: string): void {
  if (!request.caller.rights.may(resource, "write", name)) throw permissionDenied(`${resource}:write on ${name}`);
}

/** Demands the right to list keys. Consul: with acl.enable_key_list_policy, the rule that governs the prefix as given decides. */
export function demandKeyList(request: HttpRequest, prefix: string): void {
  if (request.caller.guardsKeyLists) demand(request, "key", "list", prefix);
}

/** Returns the operation, before which `demandRight` throws if the caller may not run it. */
export function demanding(demandRight: () => void, operation: Operation): Operation {
  return (reading) => {
    demandRight();
    return operation(reading);
  };
}

/**
 * Returns the operation that lists the instances for the service whose name is the rest of the path. Consul: who may not read that
 * service gets an empty list at once, with the headers of a failed read.
 */
export function unlessHidden(request: HttpRequest, operation: Operation): Operation {
  return (reading) => {
    if (request.caller.rights.may("service", "read", request.rest)) return operation(reading);
    const { consistency } = request.queryOptions();
    return json(request, [], { ...failedReadHeaders, "X-Consul-Effective-Consistency": consistency });
  };
}
