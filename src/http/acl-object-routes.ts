import { authorize } from "./endpoints/acl-authorize.ts";
import {
  deleteAuthMethod,
  getAuthMethod,
  listAuthMethods,
  putAuthMethod,
  type AclAuthMethodParts,
} from "./endpoints/acl-auth-method.ts";
import {
  deleteBindingRule,
  getBindingRule,
  listBindingRules,
  putBindingRule,
  type AclBindingRuleParts,
} from "./endpoints/acl-binding-rule.ts";
import { bootstrapAccess, getReplication, type AclBootstrapParts } from "./endpoints/acl-bootstrap.ts";
import { listObserved, type AclObservedParts } from "./endpoints/acl-observed.ts";
import {
  cloneLegacyToken,
  createLegacyToken,
  destroyLegacyToken,
  getLegacyToken,
  listLegacyTokens,
  updateLegacyToken,
  type AclLegacyParts,
} from "./endpoints/acl-legacy.ts";
import { login, logout, type AclLoginParts } from "./endpoints/acl-login.ts";
import {
  deletePolicy,
  getPolicy,
  getPolicyNamed,
  listPolicies,
  putPolicy,
  type AclPolicyParts,
} from "./endpoints/acl-policy.ts";
import { recoverAccess, type AclRecoverParts } from "./endpoints/acl-recover.ts";
import { deleteRole, getRole, getRoleNamed, listRoles, putRole, type AclRoleParts } from "./endpoints/acl-role.ts";
import { deleteToken, getOwnToken, getToken, listTokens, putToken, type AclTokenParts } from "./endpoints/acl-token.ts";
import { translateBody, translateToken } from "./endpoints/acl-translate.ts";
import { deleteUser, listUsers, putUser, type AclUserParts } from "./endpoints/acl-user.ts";
import { onLeader, type LeaderAccess } from "./on-leader.ts";
import type { DatacenterEndpoint, DatacenterRoute, Route } from "./route.ts";

export type AclParts = AclObservedParts &
  AclAuthMethodParts &
  AclBindingRuleParts &
  AclBootstrapParts &
  AclRecoverParts &
  AclLegacyParts &
  AclPolicyParts &
  AclRoleParts &
  AclTokenParts &
  AclLoginParts &
  AclUserParts &
  LeaderAccess;

/** The writes of access control, which Consul sends to the primary datacenter whatever `?dc` says. */
const inPrimary = ["PUT", "DELETE"] as const;
const object = {
  access: "open",
  scope: "datacenter",
  namespaced: true,
  held: "index",
  failsWithMeta: true,
  inPrimary,
} as const;
const legacy = { access: "open", scope: "datacenter", held: "index", failsWithMeta: true, inPrimary } as const;

/** Returns the routes of access control's objects, for an agent on which access control is enabled. */
export function aclObjectRoutes(parts: AclParts): readonly Route[] {
  return [
    ...policyRoutes(parts),
    ...roleRoutes(parts),
    ...tokenRoutes(parts),
    ...methodRoutes(parts),
    ...userRoutes(parts),
    ...loginRoutes(parts),
    ...legacyRoutes(parts),
    // The file that allows another bootstrap is on the leader.
    {
      path: "/v1/acl/bootstrap",
      ...legacy,
      access: "open",
      methods: { PUT: onLeader(parts, bootstrapAccess(parts), { isUsedHere: true }) },
    },
    { path: "/v1/acl/rules/translate", access: "open", scope: "agent", methods: { POST: translateBody } },
    { path: "/v1/internal/acl/authorize", access: "open", scope: "datacenter", methods: { POST: authorize } },
    { path: "/v1/acl/replication", access: "open", scope: "agent", methods: { GET: getReplication } },
    // Each server has a data folder of its own, whose owner asks.
    { path: "/v1/praetor/acl/recover", access: "open", scope: "agent", methods: { PUT: recoverAccess(parts) } },
    { path: "/v1/praetor/acl/observed", access: "open", scope: "agent", methods: { GET: listObserved(parts) } },
  ];
}

function policyRoutes(parts: AclPolicyParts): DatacenterRoute[] {
  const put = putPolicy(parts);
  return [
    { path: "/v1/acl/policies", ...object, methods: { GET: listPolicies } },
    { path: "/v1/acl/policy", ...object, methods: { PUT: put } },
    { path: "/v1/acl/policy/", ...object, methods: { GET: getPolicy, PUT: put, DELETE: deletePolicy } },
    { path: "/v1/acl/policy/name/", ...object, methods: { GET: getPolicyNamed } },
  ];
}

function roleRoutes(parts: AclRoleParts): DatacenterRoute[] {
  const put = putRole(parts);
  return [
    { path: "/v1/acl/role", ...object, methods: { PUT: put } },
    { path: "/v1/acl/role/", ...object, methods: { GET: getRole, PUT: put, DELETE: deleteRole } },
    { path: "/v1/acl/role/name/", ...object, methods: { GET: getRoleNamed } },
    { path: "/v1/acl/roles", ...object, methods: { GET: listRoles } },
  ];
}

function tokenRoutes(parts: AclTokenParts): DatacenterRoute[] {
  const put = putToken(parts);
  return [
    { path: "/v1/acl/token", ...object, methods: { PUT: put } },
    { path: "/v1/acl/token/", ...object, methods: { GET: getToken(parts), PUT: put, DELETE: deleteToken } },
    { path: "/v1/acl/token/self", ...object, methods: { GET: getOwnToken(parts) } },
    { path: "/v1/acl/tokens", ...object, methods: { GET: listTokens(parts) } },
  ];
}

function methodRoutes(parts: AclAuthMethodParts & AclBindingRuleParts): DatacenterRoute[] {
  const [putMethod, putRule] = [putAuthMethod(parts), putBindingRule(parts)];
  const method = { GET: getAuthMethod, PUT: putMethod, DELETE: deleteAuthMethod };
  const rule = { GET: getBindingRule, PUT: putRule, DELETE: deleteBindingRule };
  return [
    { path: "/v1/acl/auth-method", ...object, methods: { PUT: putMethod } },
    { path: "/v1/acl/auth-method/", ...object, methods: method },
    { path: "/v1/acl/auth-methods", ...object, methods: { GET: listAuthMethods } },
    { path: "/v1/acl/binding-rule", ...object, methods: { PUT: putRule } },
    { path: "/v1/acl/binding-rule/", ...object, methods: rule },
    { path: "/v1/acl/binding-rules", ...object, methods: { GET: listBindingRules } },
  ];
}

function userRoutes(parts: AclUserParts): DatacenterRoute[] {
  return [
    { path: "/v1/praetor/acl/users", ...object, methods: { GET: listUsers } },
    { path: "/v1/praetor/acl/user", ...object, methods: { PUT: putUser(parts) } },
    { path: "/v1/praetor/acl/user/", ...object, methods: { DELETE: deleteUser } },
  ];
}

function loginRoutes(parts: AclLoginParts & LeaderAccess): DatacenterRoute[] {
  // The leader counts wrong passwords. Consul's servers, too, pass a login on to it.
  const post = onLeader(parts, login(parts), { isUsedHere: true });
  return [
    { path: "/v1/acl/login", ...object, inPrimary: [], methods: { POST: post } },
    { path: "/v1/acl/logout", ...object, inPrimary: [], methods: { POST: logout } },
  ];
}

function legacyRoutes(parts: AclLegacyParts): DatacenterRoute[] {
  const put = (path: string, endpoint: DatacenterEndpoint): DatacenterRoute => ({
    path,
    ...legacy,
    methods: { PUT: endpoint },
  });
  return [
    put("/v1/acl/clone/", cloneLegacyToken(parts)),
    put("/v1/acl/create", createLegacyToken(parts)),
    put("/v1/acl/destroy/", destroyLegacyToken),
    put("/v1/acl/update", updateLegacyToken(parts)),
    { path: "/v1/acl/rules/translate/", ...legacy, methods: { GET: translateToken(parts) } },
    { path: "/v1/acl/info/", ...legacy, methods: { GET: getLegacyToken(parts) } },
    { path: "/v1/acl/list", ...legacy, methods: { GET: listLegacyTokens(parts) } },
  ];
}
