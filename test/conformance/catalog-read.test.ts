import { describe, expect, test } from "bun:test";
import {
  expectError,
  get,
  masked,
  registerNode,
  registerService,
  sharedTarget,
  unique,
} from "../support/conformance.ts";
import { catalogProxyColumns, nodeColumns, nodeText, proxyColumns, rowIndexes } from "../support/expected.ts";

await sharedTarget();

const consulMeta =
  /Meta":\{"non_voter":"false","raft_version":"3","serf_protocol_current":"2","serf_protocol_max":"5","serf_protocol_min":"1","version":"\d+\.\d+\.\d+[^"]*"\}/;

interface Instances {
  readonly service: string;
  readonly nodes: readonly [a: string, b: string, c: string];
}

/**
 * Registers three instances of one service on three nodes, and returns the names of the service and the nodes. The
 * first node's name is in capitals.
 */
async function threeInstances(): Promise<Instances> {
  const service = unique("web");
  const nodes = [unique("NODE-A"), unique("node-b"), unique("node-c")] as const;
  const [a, b, c] = nodes;
  await registerNode({
    Node: b,
    NodeMeta: { rack: "r1", zone: "z" },
    Service: { ID: "two", Service: service, Tags: ["v2", "primary"] },
  });
  await registerNode({ Node: a, NodeMeta: { rack: "r2" }, Service: { ID: "one", Service: service, Tags: ["v1"] } });
  await registerNode({ Node: c, Service: { ID: "three", Service: service, Tags: ["v1", "primary"] } });
  return { service, nodes };
}

async function idsOf(path: string): Promise<string> {
  return ((await get(path)).json as { ServiceID: string }[]).map(({ ServiceID }) => ServiceID).join(" ");
}

describe("catalog/datacenters", () => {
  test.each(["", "?dc=nowhere", "?pretty=false&dc=x"])(
    "lists only the local datacenter, without an index, for catalog/datacenters%s",
    async (query) => {
      const answer = await get(`/v1/catalog/datacenters${query}`);
      expect(answer.json).toEqual(["dc1"]);
      expect(answer.header("X-Consul-Index")).toBeUndefined();
    },
  );
});

describe("catalog/nodes", () => {
  test("includes the agent's node", async () => {
    expect(masked((await get("/v1/catalog/nodes?filter=Node==node1")).text)).toBe(`[${nodeText}]`);
  });

  test("is sorted by name, ignoring case", async () => {
    const { nodes } = await threeInstances();
    const listed = ((await get("/v1/catalog/nodes")).json as { Node: string }[]).map(({ Node }) => Node);
    expect(listed.filter((node) => nodes.includes(node))).toEqual([...nodes]);
    expect(listed).toContain("node1");
  });

  test.each(["near=_agent", "near=node1", "near=nobody"])("lists every node with the parameter %s", async (query) => {
    expect((await get(`/v1/catalog/nodes?${query}`)).text).toBe((await get("/v1/catalog/nodes")).text);
  });

  test.each([
    ["node-meta=rack:r1", ["b"]],
    ["node-meta=rack:r1&node-meta=zone:z", ["b"]],
    ["node-meta=rack:r1&node-meta=zone:other", []],
    ["node-meta=rack", []],
    ["node-meta=nobody:x", []],
  ])("filtered by %s lists only the nodes whose meta has each of these pairs", async (query, expected) => {
    const { nodes } = await threeInstances();
    const listed = ((await get(`/v1/catalog/nodes?${query}`)).json as { Node: string }[]).map(({ Node }) => Node);
    expect(listed).toEqual(expected.map(() => nodes[1]));
  });
});

describe("catalog/services", () => {
  test("lists names with the tags of all instances", async () => {
    const { service } = await threeInstances();
    const services = (await get("/v1/catalog/services")).json as Record<string, string[]>;
    expect(services["consul"]).toEqual([]);
    expect(services[service]?.toSorted()).toEqual(["primary", "v1", "v2"]);
  });

  test("is sorted by name, and a service without tags has an empty list", async () => {
    const text = (await get("/v1/catalog/services")).text;
    expect(text).toContain('"consul":[]');
    const names = Object.keys(JSON.parse(text) as object);
    expect(names).toEqual(names.toSorted());
  });

  test("filtered by node meta has only the services and tags of instances on the nodes that match", async () => {
    const { service } = await threeInstances();
    const services = (await get("/v1/catalog/services?node-meta=rack:r1")).json as Record<string, string[]>;
    expect(Object.keys(services)).toEqual([service]);
    expect(services[service]?.toSorted()).toEqual(["primary", "v2"]);
  });

  test("filtered by node meta that no node has is an empty object", async () => {
    expect((await get("/v1/catalog/services?node-meta=nobody:x")).text).toBe("{}");
  });
});

describe("catalog/service/<name>", () => {
  test("lists the server itself as an instance of the service consul", async () => {
    const text = masked((await get("/v1/catalog/service/consul")).text);
    expect(text).toStartWith(
      `[{${nodeColumns},"ServiceKind":"","ServiceID":"consul","ServiceName":"consul","ServiceTags":[],"ServiceAddress":"","ServiceWeights":{"Passing":1,"Warning":1},"Service`,
    );
    expect(text).toMatch(consulMeta);
    expect(text).toEndWith(`"ServiceEnableTagOverride":false,${catalogProxyColumns},${rowIndexes}}]`);
  });

  test("lists an instance that is registered with the agent", async () => {
    const Name = unique("web");
    await registerService({ Name, Tags: ["t"], Address: "10.1.2.3", Port: 80, Meta: { a: "1" } });
    expect(masked((await get(`/v1/catalog/service/${Name}`)).text)).toBe(
      `[{${nodeColumns},"ServiceKind":"","ServiceID":"${Name}","ServiceName":"${Name}","ServiceTags":["t"],"ServiceAddress":"10.1.2.3",` +
        `"ServiceTaggedAddresses":{"lan_ipv4":{"Address":"10.1.2.3","Port":80},"wan_ipv4":{"Address":"10.1.2.3","Port":80}},` +
        `"ServiceWeights":{"Passing":1,"Warning":1},"ServiceMeta":{"a":"1"},"ServicePort":80,"ServiceEnableTagOverride":false,` +
        `${catalogProxyColumns},${rowIndexes}}]`,
    );
  });

  test("of an unknown service is an empty list with an index", async () => {
    const answer = await get("/v1/catalog/service/nobody");
    expect(answer.text).toBe("[]");
    expect(answer.index).toBeGreaterThan(0);
  });

  test("finds a service by its name in any letter case", async () => {
    const { service } = await threeInstances();
    expect(await idsOf(`/v1/catalog/service/${service.toUpperCase()}`)).toBe("one two three");
  });

  test.each([
    ["", "one two three"],
    ["?tag=v1", "one three"],
    ["?tag=V1", "one three"],
    ["?tag=v1&tag=primary", "three"],
    ["?tag=primary&tag=v1", "three"],
    ["?tag=v1&tag=v2", ""],
    ["?tag=nobody", ""],
    ["?tag=", ""],
    ["?node-meta=rack:r1", "two"],
    ["?node-meta=rack:r1&tag=v1", ""],
    ["?near=_agent", "one two three"],
    ["?near=nobody", "one two three"],
    ["?tags=v1", "one two three"],
    ["?filter=ServiceID==two", "two"],
    ["?tag=v1&filter=ServiceID!=one", "three"],
  ])("with the query %j lists the matching instances", async (query, expected) => {
    const { service } = await threeInstances();
    expect(await idsOf(`/v1/catalog/service/${service}${query}`)).toBe(expected);
  });

  test("is sorted by service ID on each node", async () => {
    const [Node, service] = [unique("node"), unique("web")];
    for (const ID of ["b", "a", "C", "10", "9"]) await registerNode({ Node, Service: { ID, Service: service } });
    expect(await idsOf(`/v1/catalog/service/${service}`)).toBe("10 9 a b C");
  });
});

describe("a node requested by its ID", () => {
  const ID = "0e0b0c0d-1111-2222-3333-44445555aaaa";

  test.each([ID, ID.toUpperCase(), ID.slice(0, 6)])(
    "is found by the whole ID or a prefix, in any letter case: %s",
    async (asked) => {
      const Node = unique("node");
      await registerNode({ Node, ID });
      expect((await get(`/v1/catalog/node/${asked}`)).json).toMatchObject({ Node: { Node } });
      expect((await get(`/v1/catalog/node-services/${asked}`)).json).toMatchObject({ Node: { Node } });
    },
  );

  test("is not found by one letter, or by a prefix that several nodes' IDs share", async () => {
    await registerNode({ Node: unique("node"), ID });
    await registerNode({ Node: unique("node"), ID: ID.replace(/a$/, "b") });
    for (const asked of ["0", ID.slice(0, 6)]) expect((await get(`/v1/catalog/node/${asked}`)).text).toBe("null");
  });
});

describe("a node", () => {
  test("is returned with its services by ID at catalog/node", async () => {
    const Name = unique("web");
    await registerService({ Name });
    const text = masked((await get(`/v1/catalog/node/node1?filter=${encodeURIComponent(`ID == "${Name}"`)}`)).text);
    expect(text).toBe(
      `{"Node":${nodeText},"Services":{"${Name}":{"ID":"${Name}","Service":"${Name}","Tags":[],"Address":"","Meta":null,"Port":0,` +
        `"Weights":{"Passing":1,"Warning":1},"EnableTagOverride":false,${proxyColumns},${rowIndexes}}}}`,
    );
  });

  test("has the service consul if it is the server's node", async () => {
    const text = masked((await get("/v1/catalog/node/node1?filter=Service==consul")).text);
    expect(text).toStartWith(
      `{"Node":${nodeText},"Services":{"consul":{"ID":"consul","Service":"consul","Tags":[],"Address":"","Meta":{`,
    );
    expect(text).toMatch(consulMeta);
  });

  test("is returned with its services as a list at catalog/node-services", async () => {
    const { nodes } = await threeInstances();
    expect((await get(`/v1/catalog/node-services/${nodes[1]}`)).json).toMatchObject({
      Node: { Node: nodes[1], Meta: { rack: "r1", zone: "z" } },
      Services: [{ ID: "two", Tags: ["v2", "primary"] }],
    });
  });

  test("is found by its name in upper or lower case", async () => {
    const { nodes } = await threeInstances();
    expect((await get(`/v1/catalog/node/${nodes[0].toLowerCase()}`)).json).toMatchObject({ Node: { Node: nodes[0] } });
  });

  test.each([
    ["/v1/catalog/node/nobody", "null"],
    ["/v1/catalog/node-services/nobody", '{"Node":null,"Services":null}'],
  ])("that does not exist gives an answer with status 200: %s", async (path, text) => {
    const answer = await get(path);
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text });
    expect(answer.index).toBeGreaterThan(0);
  });

  test("whose services do not match the filter is returned with no services", async () => {
    const { nodes } = await threeInstances();
    expect((await get(`/v1/catalog/node/${nodes[2]}?filter=Port==99`)).text).toEndWith(',"Services":{}}');
    expect((await get(`/v1/catalog/node-services/${nodes[2]}?filter=Port==99`)).text).toEndWith(',"Services":[]}');
  });
});

test.each([
  ["/v1/catalog/service/", "Missing service name"],
  ["/v1/catalog/node/", "Missing node name"],
  ["/v1/catalog/node-services/", "Missing node name"],
])("%s without a name is refused", async (path, text) => {
  expectError(await get(path), { status: 400, text });
});
