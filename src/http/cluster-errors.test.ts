import { afterEach, describe, expect, test } from "bun:test";
import { ClusterApi, type ClusterApiServer } from "../../test/support/cluster-api.ts";
import { promptly } from "../../test/support/promptly.ts";

const hop = "rpc error making call: ";
const unknownId = "11111111-1111-1111-1111-111111111111";
const uuidFault = "index error: UUID must be 36 characters";

let cluster: ClusterApi | undefined;
afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

/** Sends a request like "PUT /v1/kv/a", and returns status and text of the answer. */
async function ask({ api }: ClusterApiServer, request: string, body?: string): Promise<readonly [number, string]> {
  const response = await send({ api }, request, body);
  return [response.status, await response.text()];
}

function send({ api }: Pick<ClusterApiServer, "api">, request: string, body?: string): Promise<Response> {
  const [method = "", target = ""] = request.split(" ");
  return promptly(api.ask(target, { method, ...(body !== undefined && { body }) }));
}

/**
 * Requests that fail, with the status and text of Consul 1.8.7's leader, and whether the other two servers of its cluster of three
 * put "rpc error making call: " before the text.
 */
const failing: readonly (readonly [request: string, body: string | undefined, text: string, hasHop: boolean])[] = [
  ["GET /v1/query/zip/execute", undefined, "404 Query not found", true],
  ["GET /v1/query/zip/execute?stale", undefined, "404 Query not found", false],
  ["GET /v1/query/zip/explain", undefined, "404 Query not found", true],
  [`GET /v1/query/${unknownId}`, undefined, "404 Query not found", true],
  ["GET /v1/query/zip", undefined, `500 failed prepared query lookup: ${uuidFault}`, true],
  [
    `PUT /v1/query/${unknownId}`,
    '{"Service":{"Service":"x"}}',
    `500 Cannot modify non-existent prepared query: '${unknownId}'`,
    true,
  ],
  [`DELETE /v1/query/${unknownId}`, undefined, `500 Cannot modify non-existent prepared query: '${unknownId}'`, true],
  ["POST /v1/query", '{"Service":{}}', "500 Invalid prepared query: Must be bound to a session", true],
  [
    "POST /v1/query",
    '{"Session":"nosuch","Name":"q2","Service":{"Service":"consul"}}',
    `500 invalid session: ${uuidFault}`,
    true,
  ],
  ["PUT /v1/session/create", '{"Node":"nosuch"}', "500 Missing node registration", true],
  [
    "PUT /v1/session/create",
    '{"TTL":"1s"}',
    "500 Invalid Session TTL '1000000000', must be between [10s=24h0m0s]",
    true,
  ],
  ["PUT /v1/session/create", '{"Behavior":"x"}', "500 Invalid Behavior setting 'x'", true],
  [`PUT /v1/session/renew/${unknownId}`, undefined, `404 Session id '${unknownId}' not found`, false],
  ["PUT /v1/session/renew/x", undefined, `500 failed session lookup: ${uuidFault}`, true],
  ["PUT /v1/session/destroy/x", undefined, `500 failed session lookup: ${uuidFault}`, true],
  ["GET /v1/session/info/x", undefined, `500 failed session lookup: ${uuidFault}`, true],
  ["PUT /v1/kv/a?cas=x", "1", '500 strconv.ParseUint: parsing "x": invalid syntax', false],
  ["PUT /v1/kv/a?acquire=x", "1", `500 failed session lookup: ${uuidFault}`, true],
  [`PUT /v1/kv/a?acquire=${unknownId}`, "1", `500 invalid session "${unknownId}"`, true],
  ["PUT /v1/kv/", "1", "400 Missing key name", false],
  ["PUT /v1/catalog/register", '{"Node":"x"}', "500 Must provide address if SkipNodeUpdate is not set", true],
  ["PUT /v1/catalog/register", "{}", "500 Must provide node", true],
  [
    "PUT /v1/catalog/register",
    '{"Node":"x","Address":"192.0.2.1","Check":{"Node":"x","Name":"c","ServiceID":"nosuch"}}',
    '500 failed inserting check: Missing service registration on node "x"',
    true,
  ],
  ["PUT /v1/catalog/deregister", "{}", "500 Must provide node", true],
  [
    "GET /v1/catalog/nodes?filter=zip",
    undefined,
    '500 Failed to create boolean expression evaluator: 1:4 (3): no match found, expected: "!=", ".", "==", "[", [ \\t\\r\\n] or [a-zA-Z0-9_]',
    true,
  ],
  ["GET /v1/catalog/nodes?dc=dc9", undefined, "500 No path to datacenter", false],
  ["GET /v1/kv/a?dc=dc9", undefined, "500 No path to datacenter", false],
  ["PUT /v1/coordinate/update", '{"Node":"n1","Coord":{}}', "500 incompatible coordinate", true],
  [
    "PUT /v1/event/fire/x?node=%5B",
    undefined,
    "500 Invalid node filter: error parsing regexp: missing closing ]: `[`",
    false,
  ],
  ["DELETE /v1/operator/raft/peer?id=zip", undefined, '500 id "zip" was not found in the Raft configuration', true],
  [
    "DELETE /v1/operator/raft/peer",
    undefined,
    "400 Bad request: Must specify either ?id with the server's ID or ?address with IP:port of peer to remove",
    false,
  ],
  ["GET /v1/connect/ca/roots", undefined, "500 Connect must be enabled in order to use this endpoint", true],
  ["GET /v1/agent/connect/ca/roots", undefined, "500 Connect must be enabled in order to use this endpoint", true],
  [
    "POST /v1/connect/intentions",
    "{x",
    "500 Failed to decode request body: invalid character 'x' looking for beginning of object key string",
    false,
  ],
  ["GET /v1/connect/intentions/match", undefined, "500 required query parameter 'by' not set", false],
  ["PUT /v1/snapshot?stale", "zip", "500 stale not allowed for restore", false],
  ["PUT /v1/agent/service/register", '{"Name":""}', "400 Missing service name", false],
  [
    "PUT /v1/agent/check/register",
    '{"Name":"x","ServiceID":"nosuch","TTL":"1s"}',
    '500 ServiceID "nosuch" does not exist',
    false,
  ],
];

test("an error of the store has Consul's text for a hop on every server but the leader, an error of HTTP nowhere", async () => {
  cluster = await ClusterApi.start();
  const { leader, follower } = cluster;
  const shown = async (server: ClusterApiServer): Promise<readonly string[]> =>
    Promise.all(failing.map(async ([request, body]) => `${request}: ${(await ask(server, request, body)).join(" ")}`));
  expect(await shown(leader)).toEqual(failing.map(([request, , text]) => `${request}: ${text}`));
  expect(await shown(follower)).toEqual(
    failing.map(([request, , text, hasHop]) => `${request}: ${hasHop ? text.replace(" ", ` ${hop}`) : text}`),
  );
});

describe("without a leader", () => {
  const noLeader = [500, "No cluster leader"] as const;

  async function start(): Promise<{ readonly any: ClusterApiServer }> {
    cluster = await ClusterApi.start({ holdMs: 20 });
    const { leader, follower, servers } = cluster;
    await ask(leader, "PUT /v1/kv/a", "1");
    await ask(leader, "PUT /v1/catalog/register", '{"Node":"x","Address":"192.0.2.1"}');
    await follower.store.freshen("leader");
    expect(await ask(follower, "GET /v1/kv/a?raw")).toEqual([200, "1"]);
    for (const { view } of servers) view.silentMs = 9_000;
    await cluster.loseQuorum();
    return { any: follower };
  }

  test("reads that are not stale, and writes, are refused on every server", async () => {
    await start();
    const requests: readonly (readonly [string, string?])[] = [
      ["GET /v1/kv/a"],
      ["GET /v1/kv/a?raw"],
      ["GET /v1/kv/a?consistent"],
      ["GET /v1/catalog/nodes"],
      ["GET /v1/catalog/services?max_stale=1ms"],
      ["GET /v1/health/service/web"],
      ["GET /v1/session/list"],
      ["GET /v1/coordinate/nodes"],
      ["GET /v1/query"],
      ["GET /v1/query/x/execute"],
      ["PUT /v1/kv/a", "1"],
      ["DELETE /v1/kv/a"],
      ["PUT /v1/session/create", '{"Node":"x","Checks":[]}'],
      [`PUT /v1/session/renew/${unknownId}`],
      ["PUT /v1/txn", '[{"KV":{"Verb":"get","Key":"a"}}]'],
      ["PUT /v1/txn", '[{"KV":{"Verb":"set","Key":"a","Value":"MQ=="}}]'],
      ["PUT /v1/catalog/register", '{"Node":"x","Address":"192.0.2.2"}'],
      ["PUT /v1/coordinate/update", '{"Node":"n1","Coord":{"Vec":[0,0,0,0,0,0,0,0],"Error":1.5,"Height":1e-5}}'],
      ["GET /v1/operator/raft/configuration"],
      ["GET /v1/operator/autopilot/health"],
      ["GET /v1/operator/autopilot/configuration"],
      ["DELETE /v1/operator/raft/peer?id=x"],
      ["GET /v1/snapshot"],
      ["PUT /v1/snapshot", "zip"],
    ];
    for (const server of cluster?.servers ?? [])
      for (const [request, body] of requests)
        expect([request, ...(await ask(server, request, body))]).toEqual([request, ...noLeader]);
  });

  test("a read of the catalog that fails has an index and says that there is no leader, a read of a key has neither", async () => {
    const { any } = await start();
    const headersOf = async (request: string): Promise<readonly (string | null)[]> => {
      const { headers } = await send(any, request);
      return ["Index", "Knownleader", "Lastcontact"].map((name) => headers.get(`X-Consul-${name}`));
    };
    for (const path of ["catalog/nodes", "health/service/web", "session/list", "query", "coordinate/nodes"])
      expect([path, ...(await headersOf(`GET /v1/${path}`))]).toEqual([path, "1", "false", "0"]);
    expect(await headersOf("GET /v1/kv/a")).toEqual([null, null, null]);
  });

  test("stale reads go on, and say how long the leader is silent", async () => {
    const { any } = await start();
    for (const request of [
      "GET /v1/kv/a?stale",
      "GET /v1/kv/a?max_stale=1s",
      "GET /v1/catalog/nodes?stale",
      "GET /v1/snapshot?stale",
      // Consul: the reads of the UI do not fail.
      "GET /v1/internal/ui/nodes",
      "GET /v1/internal/ui/services?consistent",
    ]) {
      const { status, headers } = await send(any, request);
      const shown = [headers.get("X-Consul-Knownleader"), headers.get("X-Consul-Lastcontact")];
      expect([request, status, ...shown]).toEqual([request, 200, "false", "9000"]);
    }
    const [status, text] = await ask(any, "PUT /v1/txn?stale", '[{"KV":{"Verb":"get","Key":"a"}}]');
    expect([status, JSON.parse(text)]).toMatchObject([200, { LastContact: 9_000 * 1e6, KnownLeader: false }]);
  });

  test("the servers are known, the leader is not", async () => {
    const { any } = await start();
    expect(await ask(any, "GET /v1/status/leader")).toEqual([200, '""']);
    expect(await ask(any, "GET /v1/status/peers")).toEqual([200, '["s1:8300","s2:8300","s3:8300"]']);
    const [status, text] = await ask(any, "GET /v1/operator/raft/configuration?stale");
    const servers = ["s1", "s2", "s3"].map((name) => ({ Node: name, Leader: false, Voter: true }));
    expect([status, JSON.parse(text)]).toMatchObject([200, { Servers: servers, Index: 0 }]);
    expect((await ask(any, "PUT /v1/event/fire/x"))[0]).toBe(200);
  });
});
