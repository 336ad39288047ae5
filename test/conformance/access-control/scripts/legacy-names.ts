import type { Script } from "../../recorded/script.ts";
import { type Asked, by, byEach, grant, secretOf, unknownSecret } from "./callers.ts";
import { masterSecret } from "./master-secret.ts";

/** The agent's master token in the settings of this script. */
export const agentMaster = "legacy-agent-master";

const reads: readonly Asked[] = [
  "GET /v1/kv/a/x",
  "GET /v1/kv/a/?recurse",
  "GET /v1/kv/a/?keys",
  "GET /v1/catalog/nodes",
  "GET /v1/agent/self",
  "GET /v1/agent/services",
  "GET /v1/acl/token/self",
  "GET /v1/acl/policies",
  "GET /v1/acl/replication",
  "PUT /v1/acl/bootstrap",
  "PUT /v1/agent/reload",
  ["PUT /v1/kv/a/x", "2"],
];

export const legacyNamed: Script = [
  ...grant(1, 'key_prefix "a/" { policy = "read" }'),
  ...by(masterSecret, [["PUT /v1/kv/a/x", "1"]]),
  ...byEach([undefined, unknownSecret, secretOf(1), agentMaster, masterSecret], reads),
];
