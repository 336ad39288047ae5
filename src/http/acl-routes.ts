import type { Caller } from "../registry/caller.ts";
import { aclObjectRoutes, type AclParts } from "./acl-object-routes.ts";
import { empty } from "./answers.ts";
import { HttpError } from "./http-error.ts";
import type { HttpRequest } from "./http-request.ts";
import type { AgentRoute, Method, Route } from "./route.ts";

/**
 * Returns the routes of access control. With access control disabled each refuses every request, as Consul does.
 * @param parts undefined if access control is disabled
 */
export function aclRoutes(parts: AclParts | undefined): readonly Route[] {
  const objects = parts ? aclObjectRoutes(parts) : [];
  const answered = new Set(objects.map(({ path }) => path));
  const refused = Object.entries(aclPaths).filter(([path]) => !answered.has(path));
  const routes = refused.map(([path, methods]): Route => ({
    path,
    access: "open",
    scope: "agent",
    methods: Object.fromEntries(methods.map((method) => [method, refuse])),
  }));
  return [...objects, ...routes, parts ? profileRoute : { ...profileRoute, methods: { GET: refuse }, any: refuse }];
}

const aclPaths: Readonly<Record<string, readonly Method[]>> = {
  "/v1/acl/auth-method": ["PUT"],
  "/v1/acl/auth-method/": ["GET", "PUT", "DELETE"],
  "/v1/acl/auth-methods": ["GET"],
  "/v1/acl/binding-rule": ["PUT"],
  "/v1/acl/binding-rule/": ["GET", "PUT", "DELETE"],
  "/v1/acl/binding-rules": ["GET"],
  "/v1/acl/bootstrap": ["PUT"],
  "/v1/acl/clone/": ["PUT"],
  "/v1/acl/create": ["PUT"],
  "/v1/acl/destroy/": ["PUT"],
  "/v1/acl/info/": ["GET"],
  "/v1/acl/list": ["GET"],
  "/v1/acl/login": ["POST"],
  "/v1/acl/logout": ["POST"],
  "/v1/acl/policies": ["GET"],
  "/v1/acl/policy": ["PUT"],
  "/v1/acl/policy/": ["GET", "PUT", "DELETE"],
  "/v1/acl/policy/name/": ["GET"],
  "/v1/acl/replication": ["GET"],
  "/v1/acl/role": ["PUT"],
  "/v1/acl/role/": ["GET", "PUT", "DELETE"],
  "/v1/acl/role/name/": ["GET"],
  "/v1/acl/roles": ["GET"],
  "/v1/acl/rules/translate": ["POST"],
  "/v1/acl/rules/translate/": ["GET"],
  "/v1/acl/token": ["PUT"],
  "/v1/acl/token/": ["GET", "PUT", "DELETE"],
  "/v1/acl/token/self": ["GET"],
  "/v1/acl/tokens": ["GET"],
  "/v1/acl/update": ["PUT"],
  "/v1/internal/acl/authorize": ["POST"],
  "/v1/praetor/acl/observed": ["GET"],
  "/v1/praetor/acl/recover": ["PUT"],
  "/v1/praetor/acl/user": ["PUT"],
  "/v1/praetor/acl/user/": ["DELETE"],
  "/v1/praetor/acl/users": ["GET"],
};

/** The route of profiles while access control is on. */
export const profileRoute: AgentRoute = {
  ...{ path: "/debug/pprof/", access: "endpoint", scope: "agent" },
  ...{ methods: { GET: refuseProfile }, any: refuseProfile },
};

/** Consul: a profile needs a permission, and a caller that lacks it gets no reason. There are no profiles, since they are those of Go. */
function refuseProfile({ caller }: HttpRequest): Response {
  return empty(mayOperate(caller) ? 404 : 403);
}

function mayOperate(caller: Caller): boolean {
  try {
    return caller.rights.may("operator", "read");
  } catch {
    return false;
  }
}

function refuse(): never {
  throw new HttpError(401, "ACL support disabled");
}
