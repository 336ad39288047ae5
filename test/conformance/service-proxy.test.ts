import { describe, expect, test } from "bun:test";
import { expectError, get, put, registerNode, registerService, sharedTarget, unique } from "../support/conformance.ts";
import { promptly } from "../support/promptly.ts";

await sharedTarget();

const proxy = {
  DestinationServiceName: "web",
  DestinationServiceID: "web-1",
  LocalServiceAddress: "127.0.0.1",
  LocalServicePort: 9090,
  Config: { z: 1.5, o: { d: "d" } },
  Upstreams: [
    {
      DestinationType: "prepared_query",
      DestinationName: "db",
      Datacenter: "dc1",
      LocalBindPort: 9191,
      Config: { x: 1 },
    },
    { DestinationName: "cache", LocalBindAddress: "127.0.0.2", LocalBindPort: 5, MeshGateway: { Mode: "local" } },
  ],
  MeshGateway: { Mode: "local" },
  Expose: {
    Checks: true,
    Paths: [
      { Path: "/h", LocalPathPort: 8080, ListenerPort: 21_500, Protocol: "http" },
      { Path: "/i", ListenerPort: 21_501 },
    ],
  },
};

const before =
  '"DestinationServiceName":"web","DestinationServiceID":"web-1","LocalServiceAddress":"127.0.0.1","LocalServicePort":9090,"Config":{"o":{"d":"d"},"z":1.5},"Upstreams":';
const database =
  '{"DestinationType":"prepared_query","DestinationName":"db","Datacenter":"dc1","LocalBindPort":9191,"Config":{"x":1},"MeshGateway":{}}';
const after =
  '"MeshGateway":{"Mode":"local"},"Expose":{"Checks":true,"Paths":[{"ListenerPort":21500,"Path":"/h","LocalPathPort":8080,"Protocol":"http","ParsedFromCheck":false},{"ListenerPort":21501,"Path":"/i","ParsedFromCheck":false}]}';
const agentProxy = `{${before}[${database},{"DestinationType":"service","DestinationName":"cache","LocalBindAddress":"127.0.0.2","LocalBindPort":5,"MeshGateway":{"Mode":"local"}}],${after}}`;
const catalogProxy = `{${before}[${database},{"DestinationType":"service","DestinationName":"cache","Datacenter":"","LocalBindAddress":"127.0.0.2","LocalBindPort":5,"Config":null,"MeshGateway":{"Mode":"local"}}],${after}}`;

describe("a Connect proxy", () => {
  test("is stored with its configuration, which every endpoint that lists services returns", async () => {
    const name = unique("proxy");
    await registerService({ Name: name, Kind: "connect-proxy", Port: 21_000, Proxy: proxy });
    const shown = (await get(`/v1/agent/service/${name}`)).text;
    expect(shown).toStartWith(`{"Kind":"connect-proxy","ID":"${name}"`);
    expect(shown).toMatch(/"EnableTagOverride":false,"ContentHash":"[0-9a-f]{16}","Proxy":/);
    expect(shown).toContain(`"Proxy":${agentProxy}}`);
    expect((await get("/v1/agent/services")).text).toContain(`"Proxy":${agentProxy}}`);
    expect((await get(`/v1/catalog/service/${name}`)).text).toContain(
      `"ServiceProxy":${catalogProxy},"ServiceConnect":{}`,
    );
    for (const path of [
      `health/service/${name}`,
      "catalog/node/node1",
      "catalog/node-services/node1",
      "internal/ui/nodes",
    ])
      expect((await get(`/v1/${path}`)).text).toContain(`"Proxy":${catalogProxy},"Connect":{}`);
    expect((await get("/v1/internal/ui/services")).text).toContain(
      `{"Kind":"connect-proxy","Name":"${name}","Tags":null,"Nodes":["node1"],"InstanceCount":1,"ProxyFor":["web"],`,
    );
  });

  test("is found by the name of its destination service", async () => {
    const [name, destination] = [unique("proxy"), unique("web")];
    await registerNode({
      Node: unique("node"),
      Service: { Service: name, Kind: "connect-proxy", Port: 1, Proxy: { destination_service_name: destination } },
      Check: { CheckID: "alive", Status: "critical", ServiceID: name },
    });
    for (const asked of [destination, destination.toUpperCase()]) {
      expect((await get(`/v1/catalog/connect/${asked}`)).json).toMatchObject([{ ServiceName: name }]);
      expect((await get(`/v1/health/connect/${asked}`)).json).toMatchObject([{ Service: { Service: name } }]);
    }
    expect((await get(`/v1/health/connect/${destination}?passing`)).text).toBe("[]");
    expect((await get(`/v1/catalog/connect/${name}`)).text).toBe("[]");
  });

  test("wakes blocking queries for the Connect-capable instances of its destination service", async () => {
    const destination = unique("web");
    const path = `/v1/health/connect/${destination}`;
    const { index } = await get(path);
    const waiting = get(`${path}?index=${index}&wait=10m`);
    await registerService({
      Name: unique("proxy"),
      ...{ Kind: "connect-proxy", Port: 1, Proxy: { DestinationServiceName: destination } },
    });
    expect((await promptly(waiting)).json).toHaveLength(1);
  });

  test.each([
    [{}, "Proxy.DestinationServiceName must be non-empty for Connect proxy services"],
    [{ DestinationServiceName: "web", Upstreams: [{ LocalBindPort: 1 }] }, "upstream destination name cannot be empty"],
    [
      { DestinationServiceName: "web", Upstreams: [{ DestinationName: "a" }] },
      "upstream local bind port cannot be zero",
    ],
    [
      { DestinationServiceName: "web", Upstreams: [{ DestinationName: "a", DestinationType: "b" }] },
      'unknown upstream destination type: "b"',
    ],
    [
      {
        DestinationServiceName: "web",
        Upstreams: [1, 2].map((port) => ({ DestinationName: "a", LocalBindPort: port })),
      },
      'upstreams cannot contain duplicates of [type="service", name="a", namespace="", datacenter=""]',
    ],
    [
      { DestinationServiceName: "web", Upstreams: ["a", "b"].map((to) => ({ DestinationName: to, LocalBindPort: 1 })) },
      'upstreams cannot contain duplicates by local bind address and port; "127.0.0.1:1" is specified twice',
    ],
    [{ DestinationServiceName: "web", Expose: { Paths: [{ Path: "/a" }] } }, "expose.paths: invalid listener port: 0"],
  ])("is refused with invalid fields: %j", async (parts, fault) => {
    const definition = { Name: unique("proxy"), Kind: "connect-proxy", Port: 1, Proxy: parts };
    expectError(await put("/v1/agent/service/register", definition), {
      status: 400,
      text: `1 error occurred:\n\t* ${fault}\n\n`,
    });
  });

  test("is refused with an unknown field", async () => {
    const definition = { Name: unique("proxy"), Kind: "connect-proxy", Port: 1, Proxy: { Foo: 1 } };
    expectError(await put("/v1/agent/service/register", definition), {
      status: 400,
      text: 'Request decode failed: json: unknown field "Foo"',
    });
  });
});

describe("a gateway of a service mesh", () => {
  test("is stored with its configuration", async () => {
    const name = unique("gateway");
    await registerService({ Name: name, Kind: "ingress-gateway", Proxy: { Config: { a: 1 } } });
    expect((await get(`/v1/agent/service/${name}`)).text).toContain(
      '"Proxy":{"Config":{"a":1},"MeshGateway":{},"Expose":{}}',
    );
  });

  test("is refused with fields that only a connect-proxy has", async () => {
    const definition = {
      Name: unique("gateway"),
      ...{ Kind: "mesh-gateway", Proxy: { DestinationServiceName: "a", LocalServicePort: 1 } },
    };
    const faults = [
      "Port must be non-zero for a mesh-gateway",
      "The Proxy.DestinationServiceName configuration is invalid for a mesh-gateway",
      "The Proxy.LocalServicePort configuration is invalid for a mesh-gateway",
    ];
    const text = `3 errors occurred:\n${faults.map((fault) => `\t* ${fault}\n`).join("")}\n`;
    expectError(await put("/v1/agent/service/register", definition), { status: 400, text });
    const { Name: Service, ...others } = definition;
    expectError(
      await put("/v1/catalog/register", { Node: "gw", Address: "192.0.2.1", Service: { Service, ...others } }),
      { status: 500, text },
    );
  });
});

describe("a Connect-native service", () => {
  test("has Native in its Connect field, and is found as a Connect-capable instance", async () => {
    const name = unique("native");
    await registerService({ Name: name, Port: 80, Connect: { Native: true } });
    expect((await get(`/v1/agent/service/${name}`)).text).toContain('"Connect":{"Native":true}');
    expect((await get(`/v1/catalog/service/${name}`)).text).toContain('"ServiceConnect":{"Native":true}');
    expect((await get(`/v1/health/connect/${name}`)).json).toMatchObject([{ Service: { Connect: { Native: true } } }]);
  });

  test("becomes an ordinary service when it is registered without Native", async () => {
    const [name, Node] = [unique("native"), unique("node")];
    await registerNode({ Node, Service: { Service: name, Connect: { Native: true } } });
    expect((await get(`/v1/catalog/connect/${name}`)).json).toHaveLength(1);
    await registerNode({ Node, Service: { Service: name } });
    expect((await get(`/v1/catalog/connect/${name}`)).text).toBe("[]");
  });
});
