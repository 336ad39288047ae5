import { describe, expect, test } from "bun:test";
import { startTestApi, type TestApi } from "../../test/support/api.ts";
import { queryWithId, sessionNamed } from "../../test/support/state.ts";
import { syncCatalog } from "../agent/anti-entropy.ts";
import type { Route } from "./route.ts";

/*
 * Sends each method of each path as callers who may do nothing. A new path fails here until it asks for a permission, or until
 * one of the lists below names it.
 */

const master = "5f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0000";
const powerless = "5f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0001";
const accessor = "5f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0002";
const unknown = "5f3f8f6c-6f0e-4a66-9e1c-0d4f0c6affff";
const id = "5f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0003";

/** Requests that everyone may send, even with an unknown token. */
const open: ReadonlySet<string> = new Set([
  ...["GET /", "GET /v1/status/leader", "GET /v1/status/peers"],
  ...["GET /v1/catalog/datacenters", "GET /v1/coordinate/datacenters"],
  ...["PUT /v1/acl/bootstrap", "POST /v1/acl/login", "GET /v1/acl/replication"],
  // They tell whether the agent works, and what its API is, and nothing of its data.
  ...["GET /v1/praetor/live", "GET /v1/praetor/ready", "GET /v1/praetor/openapi.json"],
  // It gives nothing to the client: the token goes to the owner of the data folder.
  "PUT /v1/praetor/acl/recover",
  // There is no service mesh, so these have one answer for all.
  ...["GET /v1/agent/connect/ca/roots", "GET /v1/agent/connect/ca/leaf/", "GET /v1/connect/ca/roots"],
  ...["GET /v1/connect/ca/configuration", "PUT /v1/connect/ca/configuration", "GET /v1/connect/intentions/"],
  ...["GET /v1/discovery-chain/", "POST /v1/discovery-chain/"],
]);

/** Requests that everyone may send whose token exists. */
const harmless: ReadonlySet<string> = new Set([
  // These concern the caller's own token.
  ...["GET /v1/acl/token/self", "POST /v1/acl/logout", "POST /v1/internal/acl/authorize"],
  // A legacy token is shown to those who know its secret.
  "GET /v1/acl/info/",
  // Indexes are those of all rows, as the header of any read has them.
  "GET /v1/praetor/changes",
  // There are no intentions, of which this could delete one.
  "DELETE /v1/connect/intentions/",
]);

const coordinate = { Vec: [0, 0, 0, 0, 0, 0, 0, 0], Error: 1, Adjustment: 0, Height: 0.00001 };
const entry = { rest: "service-defaults/web" };
const named = { Name: "q", Service: { Service: "web" } };

/** Requests in which no endpoint finds a fault, so that each comes to its permission. Default: the rest "web", and the body `{}`. */
const examples: Readonly<Record<string, { readonly rest?: string; readonly body?: unknown }>> = {
  "DELETE /v1/config/": entry,
  "DELETE /v1/operator/raft/peer": { rest: "?address=10.0.0.1:8300" },
  "DELETE /v1/praetor/acl/user/": { rest: "people/anna" },
  "DELETE /v1/query/": { rest: id },
  "GET /v1/config/": entry,
  "GET /v1/connect/intentions/check": { rest: "?source=api&destination=web" },
  "GET /v1/connect/intentions/match": { rest: "?by=source&name=web" },
  "GET /v1/internal/federation-state/": { rest: "dc1" },
  "GET /v1/praetor/changes": { rest: "?topics=services" },
  "GET /v1/praetor/kv-diff/": { rest: "web?from=1h" },
  "GET /v1/praetor/search": { rest: "?q=web" },
  "GET /v1/query/": { rest: id },
  "GET /v1/session/info/": { rest: id },
  "GET /v1/session/node/": { rest: "n1" },
  "POST /v1/agent/connect/authorize": {
    body: { Target: "web", ClientCertURI: "spiffe://x/ns/default/dc/dc1/svc/api" },
  },
  "POST /v1/internal/acl/authorize": { body: [{ Resource: "operator", Access: "read" }] },
  "POST /v1/query": { body: named },
  "PUT /v1/acl/update": { body: { ID: "x" } },
  "PUT /v1/agent/check/register": { body: { Name: "c", TTL: "10s" } },
  "PUT /v1/agent/check/update/": { body: { Status: "passing" } },
  "PUT /v1/agent/maintenance": { rest: "?enable=true" },
  "PUT /v1/agent/service/maintenance/": { rest: "web?enable=true" },
  "PUT /v1/agent/service/register": { body: { Name: "web" } },
  "PUT /v1/agent/token/": { rest: "agent", body: { Token: "x" } },
  "PUT /v1/catalog/deregister": { body: { Node: "n1" } },
  "PUT /v1/catalog/register": { body: { Node: "n2", Address: "10.0.0.2" } },
  "PUT /v1/config": { body: { Kind: "service-defaults", Name: "web" } },
  "PUT /v1/coordinate/update": { body: { Node: "n1", Coord: coordinate } },
  "PUT /v1/praetor/kv-trial": { body: { Changes: [{ Key: "web" }], Services: ["web"], For: "1m" } },
  "PUT /v1/query/": { rest: id, body: named },
  "PUT /v1/session/create": { body: { Node: "n1", Checks: [] } },
  "PUT /v1/session/destroy/": { rest: id },
  "PUT /v1/session/renew/": { rest: id },
  "PUT /v1/txn": { body: [{ KV: { Verb: "set", Key: "web", Value: "" } }] },
};

async function startWorld(): Promise<TestApi> {
  const api = await startTestApi({ isDenying: true });
  const { agent, clock, store } = api;
  const nowMs = clock.wallMs();
  await store.submit({ type: "acl-initialize", master: { accessorId: master, secretId: master }, nowMs });
  const ask = (request: string, body: unknown): Promise<Response> => {
    const [method = "", path = ""] = request.split(" ");
    return api.ask(path, { method, headers: { "X-Consul-Token": master }, body: JSON.stringify(body) });
  };
  const answers = [
    await ask("PUT /v1/acl/token", { AccessorID: accessor, SecretID: powerless }),
    await ask("PUT /v1/agent/service/register", { Name: "web", Check: { CheckID: "web", TTL: "10s" } }),
    await ask("PUT /v1/kv/web", "x"),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  await syncCatalog(agent);
  await store.submit({ type: "session-create", session: sessionNamed(id, { node: agent.node.name }) });
  await store.submit({ type: "prepared-query-put", query: queryWithId(id, { name: "q" }), update: false });
  return api;
}

function requestsOf({ path, methods }: Route): readonly string[] {
  return Object.keys(methods).map((method) => `${method} ${path}`);
}

function send(api: TestApi, request: string, secret: string): Promise<Response> {
  const [method = "", path = ""] = request.split(" ");
  const { rest = path.endsWith("/") && path !== "/" ? "web" : "", body = {} } = examples[request] ?? {};
  const headers = { "X-Consul-Token": secret };
  return api.ask(path + rest, { method, headers, ...(method !== "GET" && { body: JSON.stringify(body) }) });
}

/** Returns whether an answer denies the request, or shows that nothing of what the caller asked for is for it. */
function showsNothing(status: number, text: string): boolean {
  if (
    text === refusesEveryone ||
    status === 403 ||
    status === 404 ||
    text.includes("Permission denied") ||
    text.includes("denied by ACLs")
  )
    return true;
  if (text.includes("denied due to ACLs")) return true;
  return status === 200 && nothing.has(text.replaceAll(/"(From|To)":\d+/g, '"$1":1'));
}

/** The text of an endpoint of access control that has not been written. */
const refusesEveryone = "ACL support disabled";

const nothing: ReadonlySet<string> = new Set([
  ...["[]", "{}", "null", '{"Node":null,"Services":null}'],
  '{"Number":0,"Transitions":[]}',
  '{"From":1,"To":1,"Changes":[]}',
  '{"Searched":0,"Found":0,"Matches":[]}',
  // The front page names the agent, and counts what the caller may see.
  '{"Node":"n1","Datacenter":"dc1","Version":"1.8.7","StartedAt":"1970-01-01T00:00:00.000Z","Nodes":0,"Instances":0,' +
    '"Services":{"Critical":0,"Maintenance":0,"Warning":0,"Passing":0},"Failing":[],"Ports":{}}',
]);

const api = await startWorld();
const requests = api.routes.flatMap(requestsOf).filter((request) => !request.startsWith("GET /debug/"));

describe("a caller whose token gives no rights", () => {
  for (const request of requests.filter((each) => !open.has(each) && !harmless.has(each))) {
    test(`is shown nothing by ${request}, and changes nothing`, async () => {
      const { state } = api.store;
      const answer = await send(api, request, powerless);
      const text = await answer.text();
      expect(showsNothing(answer.status, text) ? "nothing" : `${answer.status} ${text}`).toBe("nothing");
      expect(api.store.state).toBe(state);
      expect([...api.agent.services.keys()]).toEqual(["web"]);
    });
  }
});

describe("a caller whose token does not exist", () => {
  for (const request of requests.filter((each) => !open.has(each))) {
    test(`is refused by ${request}`, async () => {
      const { state } = api.store;
      const answer = await send(api, request, unknown);
      const text = await answer.text();
      expect(text === refusesEveryone ? "403 ACL not found" : `${answer.status} ${text}`).toBe("403 ACL not found");
      expect(api.store.state).toBe(state);
    });
  }
});

test("the lists of what everyone may ask name requests of the API", () => {
  const known = new Set(requests);
  expect([...open, ...harmless, ...Object.keys(examples)].filter((request) => !known.has(request))).toEqual([]);
});

describe("an answer that is kept for others", () => {
  const read = (secret: string, path: string): Promise<Response> =>
    api.ask(path, { headers: { "X-Consul-Token": secret } });

  for (const path of [
    "/v1/catalog/services",
    "/v1/health/service/web",
    "/v1/kv/web",
    "/v1/kv/?recurse",
    "/v1/session/list",
  ]) {
    test(`never reaches a caller of other rights: ${path}`, async () => {
      const shown = await (await read(master, path)).text();
      expect(await (await read(master, path)).text()).toBe(shown);
      const denied = await read(powerless, path);
      expect(await denied.text()).not.toBe(shown);
      expect((await read(unknown, path)).status).toBe(403);
      expect(await (await read(master, path)).text()).toBe(shown);
    });
  }
});

test("a blocking query whose token is deleted while it waits is refused when it wakes", async () => {
  const secret = "5f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0007";
  const asMaster = { "X-Consul-Token": master };
  const put = (path: string, body: unknown): Promise<Response> =>
    api.ask(path, { method: "PUT", headers: asMaster, body: JSON.stringify(body) });
  await put("/v1/acl/token", { AccessorID: secret, SecretID: secret });
  const first = await api.ask("/v1/catalog/services", { headers: { "X-Consul-Token": secret } });
  const index = first.headers.get("X-Consul-Index") ?? "";
  const waiting = api.ask(`/v1/catalog/services?index=${index}`, { headers: { "X-Consul-Token": secret } });
  await api.ask(`/v1/acl/token/${secret}`, { method: "DELETE", headers: asMaster });
  await put("/v1/catalog/register", { Node: "n7", Address: "10.0.0.7", Service: { Service: "new" } });
  const answer = await waiting;
  expect([answer.status, await answer.text()]).toEqual([403, "ACL not found"]);
});
