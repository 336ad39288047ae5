import type { Script } from "../script.ts";

const autopilot = "/v1/operator/autopilot/configuration";

export const operator: Script = [
  "GET /v1/operator/raft/configuration",
  "GET /v1/operator/raft/configuration?dc=nowhere",
  "GET /v1/operator/raft/configuration?stale",
  "GET /v1/operator/raft/configuration?stale&consistent",
  "DELETE /v1/operator/raft/peer",
  "DELETE /v1/operator/raft/peer?address=192.0.2.1:8300",
  `DELETE /v1/operator/raft/peer?id=6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11`,
  `DELETE /v1/operator/raft/peer?id=6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11&address=192.0.2.1:8300`,
  "GET /v1/operator/raft/peer",
  `GET ${autopilot}`,
  `GET ${autopilot}?dc=nowhere`,
  `GET ${autopilot}?pretty`,
  [`PUT ${autopilot}`, { CleanupDeadServers: false }],
  `GET ${autopilot}`,
  [`PUT ${autopilot}?cas=1`, { CleanupDeadServers: true }],
  [`PUT ${autopilot}?cas={ModifyIndex}`, { CleanupDeadServers: true, LastContactThreshold: "1s", MaxTrailingLogs: 5 }],
  `GET ${autopilot}`,
  [`PUT ${autopilot}?cas=x`, {}],
  [`PUT ${autopilot}?cas=`, {}],
  ...["", "null", "{", "[]", '{"Nope":1}', '{"MaxTrailingLogs":-1}', '{"LastContactThreshold":"x"}', '{"MinQuorum":"x"}'].map(
    (body) => [`PUT ${autopilot}`, body] as const,
  ),
  [`PUT ${autopilot}?dc=nowhere`, {}],
  `GET ${autopilot}`,
  "GET /v1/operator/autopilot/health",
  "GET /v1/operator/autopilot/health?dc=nowhere",
  "GET /v1/operator/keyring",
  "GET /v1/operator/keyring?relay-factor=9",
  "GET /v1/operator/keyring?relay-factor=x",
  "GET /v1/operator/keyring?local-only=x",
  "GET /v1/operator/keyring?local-only=true",
  ...["POST", "PUT", "DELETE"].flatMap((method): Script => [
    [`${method} /v1/operator/keyring`, { Key: "x" }],
    [`${method} /v1/operator/keyring`, "{"],
    [`${method} /v1/operator/keyring?relay-factor=9`, { Key: "x" }],
    [`${method} /v1/operator/keyring`, ""],
  ]),
];
