import type { Access, Resource, Rights } from "../../acl/rights.ts";
import { decodeAclAuthorizations, type AclAuthorization } from "../../wire/acl-body.ts";
import { badRequest } from "../acl-access.ts";
import { json } from "../answers.ts";
import { readJson } from "../json-body.ts";
import type { DatacenterEndpoint } from "../route.ts";

/** Maximum number of questions in one request. */
const authorizationsMax = 64;

/** Answers for each of a list of accesses whether the caller has it. Consul's web interface asks so what to show. */
export const authorize: DatacenterEndpoint = async (request) => {
  const asked = await readJson(request, {
    decode: decodeAclAuthorizations,
    fault: (why) => badRequest(`Failed to decode request body: ${why}`),
  });
  if (asked.length > authorizationsMax)
    throw badRequest(`Refusing to process more than ${authorizationsMax} authorizations at once`);
  return () => {
    // Consul: without a question the token does not matter.
    if (asked.length === 0) return json(request, []);
    const { rights } = request.caller;
    return json(
      request,
      asked.map((each) => answerTo(each, rights)),
    );
  };
};

function answerTo({ resource, segment, access }: AclAuthorization, rights: Rights): object {
  return {
    Resource: resource,
    ...(segment !== "" && { Segment: segment }),
    Access: access,
    Allow: isAllowed({ resource, segment, access }, rights),
  };
}

const resources: readonly Resource[] = [
  ...(["acl", "agent", "event", "intention", "key", "keyring", "node", "operator", "query", "service"] as const),
  "session",
];

/** Consul: the access may be in any letter case, the resource not. */
function isAllowed({ resource: name, segment, access }: AclAuthorization, rights: Rights): boolean {
  const resource = resources.find((each) => each === name);
  if (resource === undefined) throw badRequest(`Invalid ACL resource requested: ${JSON.stringify(name)}`);
  const wanted = access.toLowerCase();
  if (resource === "key" && wanted === "write-prefix") return rights.mayWriteTree(segment);
  const accesses: readonly Access[] = resource === "key" ? ["read", "list", "write"] : ["read", "write"];
  const known = accesses.find((each) => each === wanted);
  if (known === undefined) throw badRequest(`Invalid access level for ${resource} resource: ${access}`);
  return rights.may(resource, known, segment);
}
