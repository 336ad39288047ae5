import type { Script, Step } from "../../recorded/script.ts";

const reader = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0401";
const nobody = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0402";
const unknown = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6affff";
const path = "POST /v1/acl/rules/translate";

function by(secret: string, request: string, body?: unknown): Step {
  return [request, body, { headers: { "X-Consul-Token": secret } }];
}

const all = `# Comment
agent "a" { policy = "read" }
event "" { policy = "write" }
key "a/" { policy = "write" }
node "n" { policy = "read" }
query "q" { policy = "read" }
service "web" { policy = "write", intentions = "read" } // after
session "" { policy = "read" }
operator = "read"
keyring = "write"
key_prefix "b" { policy = "deny" }`;

export const translate: Script = [
  ["PUT /v1/acl/policy", { Name: "acl-read", Rules: 'acl = "read"' }],
  ["PUT /v1/acl/token", { SecretID: reader, Policies: [{ Name: "acl-read" }] }],
  ["PUT /v1/acl/token", { AccessorID: nobody.replace("0402", "0403"), SecretID: nobody }],
  ["PUT /v1/acl/create", { ID: "old", Name: "An old one", Rules: all }],
  [path, all],
  [path, ""],
  path,
  [path, "key"],
  [path, 'key "a" { policy = "write"'],
  [path, "foo"],
  [path, '{"key":{"a/":{"policy":"write"}},"operator":"read"}'],
  [path, 'key "a" { policy = "bogus" }'],
  [path, 'nope "a" { policy = "read" }'],
  [path, "\n\n"],
  [path, "# only a comment\n"],
  by(reader, path, 'key "" { policy = "read" }'),
  by(nobody, path, 'key "" { policy = "read" }'),
  by(nobody, path, 'key "'),
  by(unknown, path, 'key "" { policy = "read" }'),
  by("anonymous", path, 'key "" { policy = "read" }'),
  [`${path}?dc=nope`, 'key "" { policy = "read" }'],
  [`${path}?ns=a`, 'key "" { policy = "read" }'],
  "GET /v1/acl/rules/translate",
  "GET /v1/acl/rules/translate/",
  "GET /v1/acl/rules/translate/x",
  `GET /v1/acl/rules/translate/${unknown}`,
  `GET /v1/acl/rules/translate/${nobody.replace("0402", "0403")}`,
  by(reader, `GET /v1/acl/rules/translate/${nobody.replace("0402", "0403")}`),
  by(nobody, `GET /v1/acl/rules/translate/${nobody.replace("0402", "0403")}`),
  by(nobody, "GET /v1/acl/rules/translate/x"),
  by(unknown, `GET /v1/acl/rules/translate/${unknown}`),
  `GET /v1/acl/rules/translate/${unknown}?dc=nope`,
  `GET /v1/acl/rules/translate/${unknown}?index=1&wait=1ms`,
];
