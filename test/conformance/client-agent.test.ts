import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { AgentProcess } from "../support/agent-process.ts";
import { ServerWithClients } from "../support/client-agents.ts";
import { differs, masked } from "../support/conformance.ts";
import { within } from "../support/within.ts";

/* The answers of a client agent, beside those of its server to the same requests. */

let all: ServerWithClients;
let client: AgentProcess;
beforeAll(async () => {
  all = await ServerWithClients.start();
  client = await all.joinClient("127.0.0.2");
  // Consul: a new client agent counts its servers by gossip, which comes later than the catalog's row.
  await within(5_000, async () =>
    expect((await client.send("GET", "/v1/agent/members")).text).toContain('"Name":"server"'),
  );
});
afterAll(() => all.close());

const hop = "rpc error making call: ";

/** Sends a request to the client agent and to the server, and returns the two answers' statuses and texts. */
async function both(method: string, path: string, body: unknown = "") {
  const ask = async (agent: AgentProcess) => {
    const { status, text } = await agent.send(method, path, { body });
    return { status, text };
  };
  return { here: await ask(client), there: await ask(all.server) };
}

const unknownId = "11111111-2222-3333-4444-555555555555";

type AskedRow = readonly [method: string, path: string, body?: unknown];

const ofStore: readonly AskedRow[] = [
  ["GET", "/v1/kv/a?dc=dc9"],
  ["GET", "/v1/catalog/nodes?dc=dc9"],
  ["GET", "/v1/status/leader?dc=dc9"],
  ["GET", "/v1/internal/ui/services?dc=dc9"],
  ["PUT", "/v1/kv/a?acquire=00000000-0000-0000-0000-000000000000", "x"],
  ["PUT", "/v1/session/create", { Node: "nosuch" }],
  ["PUT", "/v1/session/create", { TTL: "1s" }],
  ["PUT", "/v1/session/create", { TTL: "x" }],
  ["PUT", "/v1/session/create", { Behavior: "x" }],
  ["PUT", "/v1/session/create", { Checks: ["nosuch"] }],
  ["PUT", "/v1/session/renew/x"],
  ["PUT", "/v1/session/destroy/x"],
  ["GET", "/v1/session/info/x"],
  ["PUT", "/v1/catalog/register", { Node: "x" }],
  ["PUT", "/v1/catalog/register", { Node: "x", Address: "192.0.2.1", ID: "zz" }],
  ["PUT", "/v1/catalog/register", { Datacenter: "dc9", Node: "x", Address: "192.0.2.1" }],
  ["PUT", "/v1/catalog/register", { Node: "x", Address: "192.0.2.1", Service: { ID: "y" } }],
  ["PUT", "/v1/catalog/deregister", {}],
  ["POST", "/v1/query", { Name: "q1" }],
  ["POST", "/v1/query", { Name: "q1", Service: { Service: "a" }, Session: "x" }],
  ["GET", "/v1/query/nosuch/execute"],
  ["GET", `/v1/query/${unknownId}`],
  ["DELETE", `/v1/query/${unknownId}`],
  ["DELETE", "/v1/operator/raft/peer?id=x"],
  ["DELETE", "/v1/operator/raft/peer?address=x"],
  ["GET", "/v1/health/service/web?filter=bad+x"],
  ["GET", "/v1/catalog/nodes?filter=bad+x"],
  ["PUT", "/v1/coordinate/update", { Node: "", Coord: {} }],
  ["GET", "/v1/config/bad/x"],
  ["GET", "/v1/connect/ca/roots"],
  ["GET", "/v1/agent/connect/ca/roots"],
  ["PUT", "/v1/connect/intentions/x", {}],
  ["POST", "/v1/connect/intentions", {}],
  ["GET", "/v1/discovery-chain/x"],
];
describe("an error that the store of a server gives has a text before it on a client agent", () => {
  for (const [method, path, body = ""] of ofStore)
    test(`${method} ${path} ${JSON.stringify(body)}`, async () => {
      const { here, there } = await both(method, path, body);
      expect(there.status).toBeGreaterThanOrEqual(404);
      expect(here).toEqual({ status: there.status, text: hop + there.text });
    });
});

test("an intention that does not exist is a 404 on a server and a 500 on a client agent", async () => {
  const unknown = await both("GET", `/v1/connect/intentions/${unknownId}`);
  expect(unknown.there).toEqual({ status: 404, text: "Intention not found" });
  expect(unknown.here).toEqual({ status: 500, text: `${hop}Intention not found` });
  const invalid = await both("GET", "/v1/connect/intentions/x");
  const fault = "failed intention lookup: index error: UUID must be 36 characters";
  expect(invalid.there).toEqual({ status: 400, text: `Bad request: ${fault}` });
  expect(invalid.here).toEqual({ status: 400, text: `Bad request: ${hop}${fault}` });
});

const ofHttp: readonly AskedRow[] = [
  ["PUT", `/v1/session/renew/${unknownId}`],
  ["PUT", "/v1/catalog/deregister", "x"],
  ["PUT", "/v1/txn", [{ KV: { Verb: "cas", Key: "a", Index: 99 } }]],
  ["PUT", "/v1/txn", [{ KV: { Verb: "nosuch", Key: "a" } }]],
  ["DELETE", "/v1/operator/raft/peer"],
  ["DELETE", "/v1/kv/a?cas=x"],
  ["POST", "/v1/connect/intentions", "{x"],
  ["GET", "/v1/connect/intentions/match"],
  ["GET", "/v1/connect/intentions/match?by=x"],
  ["GET", "/v1/connect/intentions/check?source=a"],
  ["GET", "/v1/coordinate/node/nosuch"],
  ["PUT", "/v1/config", { Kind: "bad" }],
  ["GET", "/v1/config/service-defaults/x"],
  ["PUT", "/v1/snapshot", "xxx"],
  ["GET", "/v1/snapshot?dc=dc9"],
  ["PUT", "/v1/event/fire/x?node=("],
  ["PUT", "/v1/event/fire/"],
  ["PUT", "/v1/agent/force-leave/nosuch"],
  ["GET", "/v1/agent/nosuch"],
  ["GET", "/v1/nosuch"],
  ["GET", "/v1"],
  ["GET", "/"],
  ["GET", "/ui/"],
  ["PUT", "/v1/acl/bootstrap"],
  ["GET", "/v1/status/leader"],
  ["GET", "/v1/status/peers"],
  ["GET", "/v1/kv/none"],
  ["GET", "/v1/catalog/datacenters"],
  ["GET", "/v1/operator/raft/configuration"],
];
describe("an answer of the HTTP layer is the same on a client agent", () => {
  for (const [method, path, body = ""] of ofHttp)
    test(`${method} ${path} ${JSON.stringify(body)}`, async () => {
      const { here, there } = await both(method, path, body);
      expect(here).toEqual(there);
    });
});

test("the headers of a read through a client agent are the server's, in the same letter case", async () => {
  for (const path of ["/v1/kv/none", "/v1/catalog/nodes", "/v1/catalog/nodes?dc=dc9", "/v1/health/state/any?stale"]) {
    const names = async (agent: AgentProcess): Promise<string[]> =>
      (await agent.send("GET", path)).headers.map(([name]) => name).toSorted();
    expect(await names(client)).toEqual(await names(all.server));
  }
});

test("a client agent refuses what concerns the gossip's keys", async () => {
  const refusal = { status: 500, text: "keyring operations must run against a server node" };
  for (const method of ["GET", "POST", "PUT", "DELETE"])
    expect(await client.send(method, "/v1/operator/keyring", { body: { Key: "x" } })).toMatchObject(refusal);
});

test("a client agent is in no WAN pool", async () => {
  expect(await client.send("GET", "/v1/agent/members?wan=1")).toMatchObject({ status: 200, text: "null" });
});

test("join names each address that cannot be reached", async () => {
  const { http, serf, server } = all.ports;
  const port = differs("praetor", "it joins on the server port") ? server : serf;
  const join = async (address: string): Promise<string> => (await client.send("PUT", `/v1/agent/join/${address}`)).text;
  expect(await join("127.0.0.77")).toBe(
    `1 error occurred:\n\t* Failed to join 127.0.0.77: dial tcp 127.0.0.77:${port}: connect: connection refused\n\n`,
  );
  expect(await join(`127.0.0.77:${http}`)).toBe(
    `1 error occurred:\n\t* Failed to join 127.0.0.77: dial tcp 127.0.0.77:${http}: connect: connection refused\n\n`,
  );
});

test("agent/self of a client agent has the member, and the statistics of a client", async () => {
  const { json } = await client.send("GET", "/v1/agent/self");
  expect(json).toMatchObject({
    Config: { NodeName: "client-2", Server: false, Datacenter: "dc1" },
    Member: {
      Name: "client-2",
      Addr: "127.0.0.2",
      Port: all.ports.serf,
      Tags: { acls: "0", build: "1.8.7:", dc: "dc1", role: "node", segment: "", vsn: "2", vsn_max: "3", vsn_min: "2" },
      Status: 1,
    },
    Stats: { consul: { acl: "disabled", known_servers: "1", server: "false" }, serf_lan: { members: "2" } },
  });
  const { Stats, Member } = json as { Stats: object; Member: { Tags: object } };
  expect(Object.keys(Stats).toSorted()).toEqual(["agent", "build", "consul", "runtime", "serf_lan"]);
  expect(Object.keys(Member.Tags).toSorted()).toEqual(
    ["acls", "build", "dc", "id", "role", "segment", "vsn", "vsn_max", "vsn_min"].toSorted(),
  );
});

test("an event that a client agent fires has no Lamport time in the answer, and one in the lists", async () => {
  const fired = await client.send("PUT", "/v1/event/fire/deploy", { body: "x" });
  expect(masked(fired.text)).toBe(
    '{"ID":"<uuid>","Name":"deploy","Payload":"eA==","NodeFilter":"","ServiceFilter":"","TagFilter":"","Version":1,"LTime":0}',
  );
  for (const agent of [client, all.server])
    await within(5_000, async () =>
      expect((await agent.send("GET", "/v1/event/list?name=deploy")).json).toMatchObject([{ LTime: 2 }]),
    );
});

test("an instance of a client agent's service is on the client agent's node, with serfHealth among its checks", async () => {
  await client.send("PUT", "/v1/agent/service/register", { body: { Name: "web", Check: { TTL: "1h" } } });
  await within(5_000, async () =>
    expect((await all.server.send("GET", "/v1/health/service/web")).json).toMatchObject([
      {
        Node: { Node: "client-2", Address: "127.0.0.2", Meta: { "consul-network-segment": "" } },
        Service: { ID: "web" },
        Checks: [
          { CheckID: "serfHealth", Status: "passing" },
          { CheckID: "service:web", Status: "critical" },
        ],
      },
    ]),
  );
});

test("without a server, a client agent registers services, and refuses what only a server can answer", async () => {
  const agent = await all.startClient("127.0.0.7");
  const refusal = { status: 500, text: "No known Consul servers" };
  expect(await agent.send("GET", "/v1/kv/a")).toMatchObject(refusal);
  expect(await agent.send("PUT", "/v1/kv/a", { body: "x" })).toMatchObject(refusal);
  expect(await agent.send("GET", "/v1/catalog/nodes")).toMatchObject(refusal);
  expect(await agent.send("PUT", "/v1/session/create")).toMatchObject(refusal);
  const service = { Name: "alone", Check: { TTL: "1h" } };
  expect(await agent.send("PUT", "/v1/agent/service/register", { body: service })).toMatchObject({ status: 200 });
  expect(await agent.send("PUT", "/v1/agent/check/pass/service:alone")).toMatchObject({ status: 200 });
  expect((await agent.send("GET", "/v1/agent/checks")).json).toMatchObject({ "service:alone": { Status: "passing" } });
  expect((await agent.send("GET", "/v1/agent/members")).json).toMatchObject([{ Name: "client-7", Status: 1 }]);
  await all.end(agent);
});
