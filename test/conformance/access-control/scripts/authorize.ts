import type { Script, Step } from "../../recorded/script.ts";

const limited = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0301";
const oldSecret = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0302";
const unknown = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6affff";
const path = "POST /v1/internal/acl/authorize";
const rules = `acl = "read"
operator = "write"
agent_prefix "a" { policy = "write" }
event_prefix "" { policy = "read" }
key_prefix "a/" { policy = "write" }
key_prefix "a/b" { policy = "list" }
key "a/c" { policy = "deny" }
node "n" { policy = "write" }
query_prefix "q" { policy = "read" }
service "web" { policy = "write" intentions = "write" }
service_prefix "api" { policy = "read" }
session_prefix "" { policy = "write" }`;

const named = ["agent", "event", "intention", "key", "node", "query", "service", "session"];
const names = ["", "a", "a/", "a/b", "a/c", "n", "q", "web", "api1", "*"];

function asked(Resource: string, Access: string, Segment?: string): object {
  return { Resource, ...(Segment !== undefined && { Segment }), Access };
}

function by(secret: string, body: unknown): Step {
  return [path, body, { headers: { "X-Consul-Token": secret } }];
}

export const authorize: Script = [
  ["PUT /v1/acl/policy", { Name: "limited", Rules: rules }],
  ["PUT /v1/acl/token", { AccessorID: oldSecret, SecretID: limited, Policies: [{ Name: "limited" }] }],
  ...["acl", "keyring", "operator"].map((resource) =>
    by(limited, [asked(resource, "read"), asked(resource, "write"), asked(resource, "write", "ignored")]),
  ),
  ...named.flatMap((resource) =>
    ["read", "write"].map((access) =>
      by(
        limited,
        names.map((name) => asked(resource, access, name)),
      ),
    ),
  ),
  ...["list", "write-prefix"].map((access) =>
    by(
      limited,
      names.map((name) => asked("key", access, name)),
    ),
  ),
  [path, [asked("acl", "write"), asked("key", "write-prefix", "")]],
  by("anonymous", [asked("acl", "read"), asked("key", "read", "a")]),
  by(unknown, [asked("acl", "read")]),
  by("deny", [asked("acl", "read")]),
  by(unknown, []),
  by(limited, [asked("KEY", "read", "a")]),
  by(limited, [asked("key", "READ", "a")]),
  by(limited, [asked("key", "x", "a")]),
  by(limited, [asked("key", "")]),
  by(limited, [asked("acl", "list")]),
  by(limited, [asked("service", "list", "web")]),
  by(limited, [asked("nope", "read")]),
  by(limited, [asked("", "")]),
  by(limited, [asked("acl", "read"), asked("<nope>", "read")]),
  by(limited, []),
  by(limited, {}),
  by(limited, "null"),
  by(limited, ""),
  by(limited, "{"),
  by(limited, [{ resource: "acl", access: "read", bogus: 1 }]),
  by(limited, [{ Resource: 7 }]),
  by(limited, [7]),
  by(limited, [null]),
  by(limited, [{ Resource: "key", Segment: "<a>", Access: "read" }]),
  by(
    limited,
    Array.from({ length: 64 }, () => asked("acl", "read")),
  ),
  by(
    limited,
    Array.from({ length: 65 }, () => asked("acl", "read")),
  ),
  by(
    limited,
    Array.from({ length: 65 }, () => asked("nope", "read")),
  ),
  [`${path}?pretty`, [asked("acl", "read")]],
  [`${path}?dc=nope`, [asked("acl", "read")]],
  [`${path}?dc=dc1`, [asked("acl", "read")]],
  [`${path}?ns=a`, [asked("acl", "read")]],
  [`${path}?token=${limited}`, [asked("acl", "write")]],
  "GET /v1/internal/acl/authorize",
];
