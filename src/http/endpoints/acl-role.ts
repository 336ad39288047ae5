import type { Random } from "../../lib/random.ts";
import * as acl from "../../registry/acl.ts";
import type { Registry } from "../../registry/registry.ts";
import { decodeAclRole } from "../../wire/acl-body.ts";
import {
  answerAcl,
  badRequest,
  readAclBody,
  requireAclRead,
  requireAclWrite,
  requireRest,
  requireUuid,
  submitAcl,
  type AclAccess,
} from "../acl-access.ts";
import { showRole } from "../acl-encoding.ts";
import { json } from "../answers.ts";
import type { DatacenterEndpoint } from "../route.ts";

export interface AclRoleParts extends AclAccess {
  readonly store: Registry;
  readonly random: Random;
}

/** Returns the endpoint for the list of roles; with `?policy=ID`, of those that link a policy. */
export function listRoles(access: AclAccess): DatacenterEndpoint {
  return (request) => (reading) => {
    requireAclRead(access, request);
    return answerAcl(request, acl.aclRoles(request.query.get("policy") ?? ""), (roles) => roles.map(showRole))(reading);
  };
}

export function getRole(access: AclAccess): DatacenterEndpoint {
  return (request) => {
    const id = requireRest(request, "role ID");
    return (reading) => {
      requireAclRead(access, request);
      requireUuid(id, "acl role");
      return answerAcl(request, acl.aclRoleOf(id), showRole)(reading);
    };
  };
}

export function getRoleNamed(access: AclAccess): DatacenterEndpoint {
  return (request) => {
    const name = requireRest(request, "role Name");
    return (reading) => {
      requireAclRead(access, request);
      return answerAcl(request, acl.aclRoleNamed(name), showRole)(reading);
    };
  };
}

/** Creates a role, or replaces the one whose id is in the path. */
export function putRole(parts: AclRoleParts): DatacenterEndpoint {
  return async (request) => {
    const asked = await readAclBody(request, "Role", decodeAclRole);
    if (asked.id !== "" && asked.id !== request.rest) throw badRequest("Role ID in URL and payload do not match");
    return async ({ reader }) => {
      requireAclWrite(parts, request);
      const isNew = request.rest === "";
      const role = { ...asked, id: isNew ? parts.random.uuid() : request.rest };
      await submitAcl(parts.store, { type: "acl-role-set", role, isNew });
      const written = reader.read(acl.aclRoleOf(role.id));
      return json(request, written && showRole(written));
    };
  };
}

export function deleteRole(parts: AclRoleParts): DatacenterEndpoint {
  return (request) => {
    const id = requireRest(request, "role ID");
    return async () => {
      requireAclWrite(parts, request);
      await submitAcl(parts.store, { type: "acl-role-delete", id });
      return json(request, true);
    };
  };
}
