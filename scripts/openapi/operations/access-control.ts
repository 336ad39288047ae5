import { answers, type Operations, plainText, takes } from "../operation.ts";
import { boolean, listOf, ref, text } from "../schema.ts";

const policy = takes(ref("AclPolicyRequest"), answers(ref("AclPolicy")));
const role = takes(ref("AclRoleRequest"), answers(ref("AclRole")));
const token = takes(ref("AclTokenRequest"), answers(ref("AclToken")));
const method = takes(ref("AclAuthMethodRequest"), answers(ref("AclAuthMethod")));
const rule = takes(ref("AclBindingRuleRequest"), answers(ref("AclBindingRule")));
const legacy = takes(ref("AclLegacyTokenRequest"), answers(ref("AclLegacyTokenId")));
const rules = { [plainText]: text } as const;

export const accessControlOperations: Operations = {
  "PUT /v1/acl/auth-method": method,
  "GET /v1/acl/auth-method/<name>": answers(ref("AclAuthMethod")),
  "PUT /v1/acl/auth-method/<name>": method,
  "DELETE /v1/acl/auth-method/<name>": answers(boolean),
  "GET /v1/acl/auth-methods": answers(listOf(ref("AclAuthMethodInList"))),
  "PUT /v1/acl/binding-rule": rule,
  "GET /v1/acl/binding-rule/<id>": answers(ref("AclBindingRule")),
  "PUT /v1/acl/binding-rule/<id>": rule,
  "DELETE /v1/acl/binding-rule/<id>": answers(boolean),
  "GET /v1/acl/binding-rules": answers(listOf(ref("AclBindingRule"))),
  "PUT /v1/acl/bootstrap": answers(ref("AclBootstrapToken")),
  "PUT /v1/acl/clone/<id>": answers(ref("AclLegacyTokenId")),
  "PUT /v1/acl/create": legacy,
  "PUT /v1/acl/destroy/<id>": answers(boolean),
  "GET /v1/acl/info/<id>": answers(listOf(ref("AclLegacyToken"))),
  "GET /v1/acl/list": answers(listOf(ref("AclLegacyToken"))),
  "POST /v1/acl/login": takes(ref("AclLogin"), answers(ref("AclToken"))),
  "POST /v1/acl/logout": answers(boolean),
  "GET /v1/acl/policies": answers(listOf(ref("AclPolicyInList"))),
  "PUT /v1/acl/policy": policy,
  "GET /v1/acl/policy/<id>": answers(ref("AclPolicy")),
  "PUT /v1/acl/policy/<id>": policy,
  "DELETE /v1/acl/policy/<id>": answers(boolean),
  "GET /v1/acl/policy/name/<name>": answers(ref("AclPolicy")),
  "GET /v1/acl/replication": answers(ref("AclReplication")),
  "PUT /v1/acl/role": role,
  "GET /v1/acl/role/<id>": answers(ref("AclRole")),
  "PUT /v1/acl/role/<id>": role,
  "DELETE /v1/acl/role/<id>": answers(boolean),
  "GET /v1/acl/role/name/<name>": answers(ref("AclRole")),
  "GET /v1/acl/roles": answers(listOf(ref("AclRole"))),
  "POST /v1/acl/rules/translate": { body: rules, answers: { 200: rules } },
  "GET /v1/acl/rules/translate/<id>": { answers: { 200: rules } },
  "PUT /v1/acl/token": token,
  "GET /v1/acl/token/<id>": answers(ref("AclToken")),
  "PUT /v1/acl/token/<id>": token,
  "PUT /v1/acl/token/<id>/clone": token,
  "DELETE /v1/acl/token/<id>": answers(boolean),
  "GET /v1/acl/token/self": answers(ref("AclToken")),
  "GET /v1/acl/tokens": answers(listOf(ref("AclTokenInList"))),
  "PUT /v1/acl/update": legacy,
  "POST /v1/internal/acl/authorize": takes(listOf(ref("AclQuestion")), answers(listOf(ref("AclDecision")))),
  "GET /v1/praetor/acl/observed": answers(ref("AclObserved")),
  "PUT /v1/praetor/acl/recover": answers(ref("AclRecovered")),
  "PUT /v1/praetor/acl/user": takes(ref("AclUserRequest"), answers(ref("AclUser"))),
  "DELETE /v1/praetor/acl/user/<method/name>": answers(boolean),
  "GET /v1/praetor/acl/users": answers(listOf(ref("AclUser"))),
};
