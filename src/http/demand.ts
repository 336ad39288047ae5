import type { Access, Resource } from "../acl/rights.ts";
import { permissionDenied } from "../registry/permissions.ts";
import type { HttpRequest } from "./http-request.ts";

/** Throws unless the request's caller has the permission. @throws OperatingError forbidden */
export function demand(request: HttpRequest, resource: Resource, access: Access, name = ""): void {
  if (!request.caller.rights.may(resource, access, name)) throw permissionDenied();
}

/** Does the same as demand, with an error that names the permission, as the requests to an agent have in Consul. */
export function demandByName(request: HttpRequest, resource: "node" | "service", name: string): void {
  if (!request.caller.rights.may(resource, "write", name)) throw permissionDenied(`${resource}:write on ${name}`);
}
