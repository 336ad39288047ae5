import type { Random } from "../../lib/random.ts";
import * as acl from "../../registry/acl.ts";
import { decodeAclRole } from "../../wire/acl-body.ts";
import {
  answerAcl,
  answerAclList,
  badRequest,
  readAclBody,
  deleting,
  requireAclRead,
  requireAclWrite,
  requireRest,
  requireUuid,
  submitAcl,
} from "../acl-access.ts";
import { showRole } from "../acl-encoding.ts";
import { json } from "../answers.ts";
import type { DatacenterEndpoint } from "../route.ts";

export interface AclRoleParts {
  readonly random: Random;
}

/** Returns the endpoint for the list of roles; with `?policy=ID`, of those that link a policy. */
export const listRoles: DatacenterEndpoint = (request) => (reading) => {
  requireAclRead(request);
  return answerAclList(request, acl.aclRoles(request.query.get("policy") ?? ""), showRole)(reading);
};

export const getRole: DatacenterEndpoint = (request) => {
  const id = requireRest(request, "role ID");
  return (reading) => {
    requireAclRead(request);
    requireUuid(id, "acl role");
    return answerAcl(request, acl.aclRoleOf(id), showRole)(reading);
  };
};

export const getRoleNamed: DatacenterEndpoint = (request) => {
  const name = requireRest(request, "role Name");
  return (reading) => {
    requireAclRead(request);
    return answerAcl(request, acl.aclRoleNamed(name), showRole)(reading);
  };
};

/** Creates a role, or replaces the one whose id is in the path. */
export function putRole(parts: AclRoleParts): DatacenterEndpoint {
  return async (request) => {
    const asked = await readAclBody(request, "Role", decodeAclRole);
    if (asked.id !== "" && asked.id !== request.rest) throw badRequest("Role ID in URL and payload do not match");
    return async () => {
      requireAclWrite(request);
      const isNew = request.rest === "";
      const role = { ...asked, id: isNew ? parts.random.uuid() : request.rest };
      await submitAcl(request.caller.registry, { type: "acl-role-set", role, isNew });
      const written = request.caller.registry.read(acl.aclRoleOf(role.id));
      return json(request, written && showRole(written));
    };
  };
}

export const deleteRole: DatacenterEndpoint = deleting("role ID", (id) => ({ type: "acl-role-delete", id }));
