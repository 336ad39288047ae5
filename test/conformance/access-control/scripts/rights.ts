import type { Script, Step } from "../../recorded/script.ts";

const reader = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0101";
const nobody = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0201";
const accessor = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0001";
const unknown = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6affff";

const reads = [
  ...["tokens", "policies", "roles", "auth-methods", "binding-rules"].map((list) => `GET /v1/acl/${list}`),
  `GET /v1/acl/token/${accessor}`,
  `GET /v1/acl/token/${unknown}`,
  "GET /v1/acl/token/x",
  "GET /v1/acl/token/self",
  "GET /v1/acl/policy/00000000-0000-0000-0000-000000000001",
  `GET /v1/acl/role/${unknown}`,
  "GET /v1/acl/auth-method/m",
  `GET /v1/acl/binding-rule/${unknown}`,
];
const writes: readonly (readonly [string, unknown])[] = [
  ...["token", "policy", "role", "auth-method", "binding-rule"].flatMap((kind): (readonly [string, unknown])[] => [
    [`PUT /v1/acl/${kind}`, { Name: 7 }],
    [`PUT /v1/acl/${kind}`, {}],
    [`DELETE /v1/acl/${kind}/x`, undefined],
    [`DELETE /v1/acl/${kind}/`, undefined],
  ]),
  [`PUT /v1/acl/token/${accessor}/clone`, {}],
];

function by(secret: string, more: readonly (readonly [string, unknown])[]): readonly Step[] {
  return more.map(([request, body]): Step => [request, body, { headers: { "X-Consul-Token": secret } }]);
}

export const rights: Script = [
  ["PUT /v1/acl/policy", { Name: "acl-read", Rules: 'acl = "read"' }],
  ["PUT /v1/acl/token", { AccessorID: accessor, SecretID: reader, Policies: [{ Name: "acl-read" }] }],
  ["PUT /v1/acl/token", { AccessorID: "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0002", SecretID: nobody }],
  ...[reader, nobody, unknown].flatMap((secret) =>
    by(
      secret,
      reads.map((read) => [read, undefined]),
    ),
  ),
  ...[reader, nobody].flatMap((secret) => by(secret, writes)),
];

export const bootstrap: Script = [
  ["PUT /v1/acl/bootstrap", undefined, { as: "boot" }],
  "PUT /v1/acl/bootstrap",
  "PUT /v1/acl/bootstrap?legacy=true",
  "GET /v1/acl/bootstrap",
  ["GET /v1/acl/token/self", undefined, { headers: { "X-Consul-Token": "{boot.SecretID}" } }],
  "GET /v1/acl/token/self",
  "GET /v1/acl/policies",
  ["GET /v1/acl/policies", undefined, { headers: { "X-Consul-Token": "{boot.SecretID}" } }],
];
