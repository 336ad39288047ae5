import type { Script } from "../script.ts";

export const mesh: Script = [
  "GET /v1/agent/connect/ca/roots",
  "GET /v1/agent/connect/ca/leaf/web",
  "GET /v1/agent/connect/ca/leaf/",
  "GET /v1/connect/ca/roots",
  "GET /v1/connect/ca/roots?pem=true",
  "GET /v1/connect/ca/configuration",
  ["PUT /v1/connect/ca/configuration", { Provider: "consul", Config: {} }],
  ["PUT /v1/connect/ca/configuration", "{"],
  "GET /v1/discovery-chain/web",
  ["POST /v1/discovery-chain/web", {}],
  "GET /v1/discovery-chain/",
  "GET /v1/catalog/connect/web",
  "GET /v1/catalog/connect/",
  "GET /v1/health/connect/web",
  "GET /v1/health/connect/",
  "GET /v1/health/connect/web?filter=Nope==1",
];
