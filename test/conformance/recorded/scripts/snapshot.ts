import type { Script } from "../script.ts";

export const snapshot: Script = [
  "GET /v1/snapshot?dc=nowhere",
  "GET /v1/snapshot",
  "GET /v1/snapshot?stale",
  "GET /v1/snapshot?stale&consistent",
  ["PUT /v1/snapshot", "no archive"],
  "PUT /v1/snapshot",
  ["PUT /v1/snapshot?dc=nowhere", "x"],
  ["PUT /v1/snapshot?stale", "x"],
  ["POST /v1/snapshot", "x"],
  "DELETE /v1/snapshot",
  "OPTIONS /v1/snapshot",
  "HEAD /v1/snapshot",
  "GET /v1/snapshot/",
];
