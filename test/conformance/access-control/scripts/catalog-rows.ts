import type { Script, Step } from "../../recorded/script.ts";
import { by } from "./callers.ts";
import { masterSecret } from "./master-secret.ts";

/** The node and the services on which the scripts of reads and writes act. */
export const node = { Node: "n2", ID: "7f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0302", Address: "10.0.0.2" };

const web = { ID: "web1", Service: "web", Tags: ["a"], Port: 80 };
const api = { ID: "api1", Service: "api", Port: 81 };

export const catalogRows: Script = [
  ...by(masterSecret, [
    ["PUT /v1/catalog/register", { ...node, Service: web }],
    ["PUT /v1/catalog/register", { ...node, Service: api }],
    ["PUT /v1/catalog/register", { ...node, Check: { CheckID: "of-node", Name: "of node", Status: "passing" } }],
    [
      "PUT /v1/catalog/register",
      { ...node, Check: { CheckID: "of-web", Name: "of web", ServiceID: "web1", Status: "passing" } },
    ],
    [
      "PUT /v1/catalog/register",
      { ...node, Check: { CheckID: "of-api", Name: "of api", ServiceID: "api1", Status: "warning" } },
    ],
    ["PUT /v1/kv/a/x", "1"],
    ["PUT /v1/kv/a/y", "2"],
    ["PUT /v1/kv/b/x", "3"],
  ]),
  asMaster("PUT /v1/session/create", { Node: "n2", Checks: [] }, "session"),
  asMaster("POST /v1/query", { Name: "q-web", Service: { Service: "web" }, Token: "secret-of-query" }, "named"),
  asMaster("POST /v1/query", { Session: "{session.ID}", Service: { Service: "web" } }, "nameless"),
];

/** Returns a step whose answer later steps can refer to. */
export function asMaster(request: string, body: unknown, as: string): Step {
  return [request, body, { as, headers: { "X-Consul-Token": masterSecret } }];
}
