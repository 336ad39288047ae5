import type { Script } from "../script.ts";

const readOnly = [
  ...[
    "agent/self",
    "agent/members",
    "agent/services",
    "agent/service/x",
    "agent/checks",
    "agent/host",
    "agent/metrics",
  ],
  ...["agent/monitor", "agent/health/service/id/x", "agent/health/service/name/x", "agent/connect/ca/roots"],
  ...["catalog/datacenters", "catalog/nodes", "catalog/services", "catalog/service/x", "catalog/node/x"],
  ...["catalog/node-services/x", "catalog/connect/x", "health/node/x", "health/checks/x", "health/state/any"],
  ...["health/service/x", "health/connect/x", "session/info/x", "session/list", "session/node/x", "event/list"],
  ...["coordinate/datacenters", "coordinate/nodes", "coordinate/node/x", "status/leader", "status/peers"],
  ...["internal/ui/nodes", "internal/ui/node/x", "internal/ui/services", "operator/raft/configuration"],
  ...["operator/autopilot/health", "connect/ca/roots"],
];

const writeOnly = [
  ...["agent/service/register", "agent/service/deregister/x", "agent/service/maintenance/x", "agent/check/register"],
  ...[
    "agent/check/deregister/x",
    "agent/check/pass/x",
    "agent/check/warn/x",
    "agent/check/fail/x",
    "agent/check/update/x",
  ],
  ...["agent/maintenance", "agent/reload", "agent/leave", "agent/join/x", "agent/force-leave/x", "agent/token/x"],
  ...[
    "catalog/register",
    "catalog/deregister",
    "session/create",
    "session/destroy/x",
    "session/renew/x",
    "event/fire/x",
  ],
  ...["coordinate/update", "txn"],
];

const both = [
  "kv/x",
  "operator/autopilot/configuration",
  "operator/keyring",
  "connect/ca/configuration",
  "discovery-chain/x",
];

export const methods: Script = [
  ...[...readOnly, ...writeOnly, ...both].map((path) => `OPTIONS /v1/${path}`),
  ...[...readOnly, ...writeOnly, ...both].map((path) => `HEAD /v1/${path}`),
  ...readOnly.map((path) => `PUT /v1/${path}`),
  ...writeOnly.map((path) => `GET /v1/${path}`),
  ...[...readOnly, ...writeOnly].map((path) => `DELETE /v1/${path}`),
  ...["kv/x", "catalog/nodes", "txn", "agent/self"].map((path) => `PATCH /v1/${path}`),
  ...["kv/x", "session/create", "agent/service/register"].map((path) => `POST /v1/${path}`),
];
