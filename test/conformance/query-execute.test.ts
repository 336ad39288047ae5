import { describe, expect, test } from "bun:test";
import {
  expectError,
  get,
  masked,
  registerNode,
  registerService,
  send,
  sharedTarget,
  unique,
} from "../support/conformance.ts";
import { nodeText, rowIndexes, proxyColumns, serfHealthText } from "../support/expected.ts";
import { createPreparedQuery } from "../support/prepared-query.ts";

await sharedTarget();

interface Executed {
  readonly Service: string;
  readonly Nodes: readonly { readonly Node: { readonly Node: string } }[];
}

/** Sends the request, and returns the names of the answer's nodes in the order of the answer. */
async function nodesOf(path: string, headers: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const answer = await send("GET", path, { headers });
  expect(answer.status).toBe(200);
  return (answer.json as Executed).Nodes.map(({ Node }) => Node.Node);
}

/** Registers a service on five nodes whose names and tags end in a, b and c (passing), w (warning) and x (critical). */
async function registerWeb(): Promise<{ readonly service: string; readonly node: (letter: string) => string }> {
  const service = unique("Web");
  for (const [at, letter] of Array.from("abcwx").entries()) {
    const status = { w: "warning", x: "critical" }[letter] ?? "passing";
    await registerNode({
      Node: `${service}-${letter}`,
      Address: `192.0.2.${at + 1}`,
      NodeMeta: { rack: letter },
      Service: { Service: service, Tags: ["Prod", letter], Meta: { v: letter } },
      Check: { CheckID: `check-${letter}`, Name: "c", Status: status, ServiceID: service },
    });
  }
  return { service, node: (letter) => `${service}-${letter}` };
}

async function execute(service: object, parameters = ""): Promise<string[]> {
  const Name = unique("execute");
  await createPreparedQuery({ Name, Service: service });
  return (await nodesOf(`/v1/query/${Name}/execute${parameters}`)).map((node) => node.slice(-1)).toSorted();
}

describe("executing a prepared query", () => {
  test("returns the instances with their nodes and checks", async () => {
    const [Name, service] = [unique("whole"), unique("whole")];
    await registerService({ Name: service, Port: 7, Tags: ["t"] });
    const id = await createPreparedQuery({ Name, Service: { Service: service }, DNS: { TTL: "10s" } });
    const answer = await get(`/v1/query/${Name}/execute`);
    const shown =
      `{"ID":"${service}","Service":"${service}","Tags":["t"],"Address":"","Meta":null,"Port":7,` +
      `"Weights":{"Passing":1,"Warning":1},"EnableTagOverride":false,${proxyColumns},${rowIndexes}}`;
    const checks = serfHealthText.replace('"ServiceTags":[]', '"ServiceTags":null');
    expect(masked(answer.text)).toBe(
      `{"Service":"${service}","Nodes":[{"Node":${nodeText},"Service":${shown},"Checks":[${checks}]}],` +
        `"DNS":{"TTL":"10s"},"Datacenter":"dc1","Failovers":0,` +
        `"Index":0,"LastContact":0,"KnownLeader":true,"ConsistencyLevel":"leader"}`,
    );
    expect(answer.index).toBe(1);
    expect(answer.header("X-Consul-Effective-Consistency")).toBe("leader");
    expect((await get(`/v1/query/${Name.toUpperCase()}/execute`)).text).toBe(answer.text);
    expect((await get(`/v1/query/${id.toUpperCase()}/execute`)).text).toBe(answer.text);
    expect((await get(`/v1/query/${id}/execute?index=99&wait=1s`)).text).toBe(answer.text);
    const stale = await get(`/v1/query/${Name}/execute?stale`);
    expect(stale.text).toBe(answer.text.replace('"leader"', '"stale"'));
    expect(stale.header("X-Consul-Effective-Consistency")).toBe("stale");
  });

  test("returns null as the tags of an instance without tags", async () => {
    const [Name, service] = [unique("bare"), unique("bare")];
    await registerService({ Name: service, Check: { TTL: "1h", Status: "passing" } });
    await createPreparedQuery({ Name, Service: { Service: service } });
    const { Nodes } = (await get(`/v1/query/${Name}/execute`)).json as { Nodes: object[] };
    expect(Nodes).toMatchObject([{ Service: { Tags: null } }]);
    expect(JSON.stringify(Nodes)).not.toContain('"ServiceTags":[]');
  });

  test("omits critical instances, and with OnlyPassing also those with a warning", async () => {
    const { service } = await registerWeb();
    expect(await execute({ Service: service })).toEqual(["a", "b", "c", "w"]);
    expect(await execute({ Service: service.toUpperCase() })).toEqual(["a", "b", "c", "w"]);
    expect(await execute({ Service: service, OnlyPassing: true })).toEqual(["a", "b", "c"]);
    const IgnoreCheckIDs = ["check-w", "check-x"];
    expect(await execute({ Service: service, OnlyPassing: true, IgnoreCheckIDs })).toEqual(["a", "b", "c", "w", "x"]);
    expect(await execute({ Service: service, IgnoreCheckIDs: ["CHECK-X"] })).toEqual(["a", "b", "c", "w"]);
  });

  test("filters by tags and by the meta of nodes and services", async () => {
    const { service: Service } = await registerWeb();
    expect(await execute({ Service, Tags: ["prod"] })).toEqual(["a", "b", "c", "w"]);
    expect(await execute({ Service, Tags: ["PROD", "!A"] })).toEqual(["b", "c", "w"]);
    expect(await execute({ Service, Tags: ["a", "b"] })).toEqual([]);
    expect(await execute({ Service, Tags: ["!a", "!b", "!"] })).toEqual(["c", "w"]);
    expect(await execute({ Service, Tags: [""] })).toEqual([]);
    expect(await execute({ Service, NodeMeta: { rack: "a" } })).toEqual(["a"]);
    expect(await execute({ Service, NodeMeta: { none: "" } })).toEqual([]);
    expect(await execute({ Service, ServiceMeta: { v: "b" } })).toEqual(["b"]);
    expect(await execute({ Service, ServiceMeta: { v: "b" }, NodeMeta: { rack: "a" } })).toEqual([]);
    expect(await execute({ Service }, "?tag=a&node-meta=rack:a&passing")).toEqual(["a", "b", "c", "w"]);
  });

  test("with Connect returns the service's Connect-capable instances instead", async () => {
    const { service: Service } = await registerWeb();
    expect(await execute({ Service, Connect: true })).toEqual([]);
    const Proxy = { DestinationServiceName: Service };
    for (const letter of "yz")
      await registerNode({
        Node: `${Service}-${letter}`,
        Service: { Service: `${Service}-proxy`, Kind: "connect-proxy", Port: 1, Tags: [letter], Proxy },
      });
    expect(await execute({ Service, Connect: true })).toEqual(["y", "z"]);
    expect(await execute({ Service, Connect: true, Tags: ["!z"] }, "?connect=false")).toEqual(["y"]);
    expect(await execute({ Service, Near: `${Service}-z` }, "?connect=true&limit=1")).toEqual(["z"]);
    expect(await execute({ Service }, "?connect=false")).toEqual(["a", "b", "c", "w"]);
    expect(await execute({ Service }, "?connect")).toEqual(["a", "b", "c", "w"]);
  });

  test("returns at most as many instances as ?limit", async () => {
    const { service: Service } = await registerWeb();
    expect(await execute({ Service }, "?limit=2")).toHaveLength(2);
    for (const limit of ["0", "-1", "", "9"]) expect(await execute({ Service }, `?limit=${limit}`)).toHaveLength(4);
  });

  test("lists first the instance on the node that Near names, and applies ?limit after sorting", async () => {
    const { service: Service, node } = await registerWeb();
    for (const letter of "abcw") {
      expect(await execute({ Service, Near: node(letter) }, "?limit=1")).toEqual([letter]);
      expect(await execute({ Service, Near: "_agent" }, `?limit=1&near=${node(letter)}`)).toEqual([letter]);
    }
    expect(await execute({ Service, Near: "nope" })).toEqual(["a", "b", "c", "w"]);
    expect(await execute({ Service, Near: "_agent" })).toEqual(["a", "b", "c", "w"]);
    expect(await execute({ Service, Near: "_ip" })).toEqual(["a", "b", "c", "w"]);
    const ours = unique("near");
    await registerService({ Name: ours });
    for (const other of ["n1", "n2", "n3"]) await registerNode({ Node: unique(other), Service: { Service: ours } });
    for (let times = 0; times < 4; times += 1) {
      expect(await execute({ Service: ours, Near: "_agent" }, "?limit=1")).toEqual(["1"]);
    }
  });

  test("with Near _ip lists first the instance on the node that has the client's address, also behind a proxy", async () => {
    const { service: Service, node } = await registerWeb();
    const Name = unique("ip");
    await createPreparedQuery({ Name, Service: { Service, Near: "_ip" } });
    for (const forwarded of ["192.0.2.2", "192.0.2.2, 198.51.100.7"]) {
      const [first] = await nodesOf(`/v1/query/${Name}/execute`, { "X-Forwarded-For": forwarded });
      expect(first).toBe(node("b"));
    }
  });

  test("shuffles the instances each time", async () => {
    const { service: Service } = await registerWeb();
    const Name = unique("shuffled");
    await createPreparedQuery({ Name, Service: { Service } });
    const orders = new Set<string>();
    for (let times = 0; times < 20; times += 1) orders.add((await nodesOf(`/v1/query/${Name}/execute`)).join());
    expect(orders.size).toBeGreaterThan(2);
  });

  test("skips unknown datacenters of Failover", async () => {
    const Name = unique("failover");
    const Failover = { NearestN: 3, Datacenters: ["dc2", "dc1"] };
    await createPreparedQuery({ Name, Service: { Service: "nowhere", Failover } });
    expect((await get(`/v1/query/${Name}/execute`)).json).toMatchObject({ Nodes: [], Datacenter: "dc1", Failovers: 0 });
  });

  test("finds a prepared query by a name with any characters", async () => {
    const Name = `${unique("a")}/b c`;
    await createPreparedQuery({ Name, Service: { Service: "nowhere" } });
    expect((await get(`/v1/query/${encodeURIComponent(Name)}/execute`)).json).toMatchObject({ Service: "nowhere" });
  });
});

describe.each(["execute", "explain"])("query/<name>/%s", (verb) => {
  test.each([
    ["limit=x", 500, `Bad limit: strconv.Atoi: parsing "x": invalid syntax`],
    ["limit=99999999999999999999", 500, `Bad limit: strconv.Atoi: parsing "99999999999999999999": value out of range`],
    ["stale&consistent", 400, "Cannot specify ?stale with ?consistent, conflicting semantics."],
    ["index=x", 400, "Invalid index"],
    ["dc=other", 500, "No path to datacenter"],
  ])("refuses ?%s", async (parameters, status, text) => {
    expectError(await get(`/v1/query/any/${verb}?${parameters}`), { status, text });
  });
});

test("execute refuses a ?connect that is not a boolean", async () => {
  const text = `Error parsing 'connect' value: strconv.ParseBool: parsing "x": invalid syntax`;
  expectError(await get("/v1/query/any/execute?connect=x"), { status: 500, text });
});
