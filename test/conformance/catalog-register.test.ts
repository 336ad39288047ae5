import { describe, expect, test } from "bun:test";
import {
  differs,
  type ExpectedError,
  expectError,
  expectTrue,
  get,
  masked,
  put,
  registerNode,
  sharedTarget,
  unique,
} from "../support/conformance.ts";
import { catalogProxyColumns, checkText, proxyColumns, rowIndexes } from "../support/expected.ts";

await sharedTarget();

function nodeText(name: string, address = "192.0.2.1"): string {
  return `{"ID":"","Node":"${name}","Address":"${address}","Datacenter":"dc1","TaggedAddresses":null,"Meta":null,${rowIndexes}}`;
}

const weights = '"Weights":{"Passing":1,"Warning":1},"EnableTagOverride":false';

describe("registering a node", () => {
  test("requires only a name and an address, and omitted tagged addresses and meta become null", async () => {
    const Node = unique("node");
    await registerNode({ Node });
    expect(masked((await get(`/v1/catalog/node/${Node}`)).text)).toBe(`{"Node":${nodeText(Node)},"Services":{}}`);
    expect((await get(`/v1/health/node/${Node}`)).text).toBe("[]");
  });

  test("stores the node's ID, tagged addresses and meta", async () => {
    const Node = unique("node");
    const ID = "0a0b0c0d-1111-2222-3333-444455556666";
    await registerNode({ Node, ID, TaggedAddresses: { wan: "198.51.100.7" }, NodeMeta: { rack: "r1" } });
    expect((await get(`/v1/catalog/node/${Node}`)).json).toMatchObject({
      Node: { ID, TaggedAddresses: { wan: "198.51.100.7" }, Meta: { rack: "r1" } },
    });
    expect((await get(`/v1/catalog/node/${ID}`)).json).toMatchObject({ Node: { Node } });
  });

  test("again replaces the node, and an equal registration changes no index", async () => {
    const Node = unique("node");
    await registerNode({ Node, NodeMeta: { a: "1" } });
    await registerNode({ Node, Address: "192.0.2.9" });
    const changed = (await get(`/v1/catalog/node/${Node}`)).text;
    expect(masked(changed)).toBe(`{"Node":${nodeText(Node, "192.0.2.9")},"Services":{}}`);
    await registerNode({ Node, Address: "192.0.2.9" });
    expect((await get(`/v1/catalog/node/${Node}`)).text).toBe(changed);
  });

  test("with SkipNodeUpdate leaves an existing node unchanged", async () => {
    const Node = unique("node");
    await registerNode({ Node });
    await registerNode({ Node, Address: "192.0.2.9", SkipNodeUpdate: true, Service: { Service: "skip" } });
    expect((await get(`/v1/catalog/node/${Node}`)).json).toMatchObject({
      Node: { Address: "192.0.2.1" },
      Services: { skip: { Service: "skip" } },
    });
  });

  test("with an existing ID and another name renames the node", async () => {
    const [before, after] = [unique("node"), unique("node")];
    const ID = "0a0b0c0d-1111-2222-3333-444455557777";
    await registerNode({ Node: before, ID });
    await registerNode({ Node: after, ID });
    expect((await get(`/v1/catalog/node/${before}`)).text).toBe("null");
    expect((await get(`/v1/catalog/node/${after}`)).json).toMatchObject({ Node: { Node: after, ID } });
  });

  test.each(["with blank!", "Ünicode", "192.0.2.300"])("accepts any text as name and address: %s", async (name) => {
    const Node = `${unique("node")} ${name}`;
    await registerNode({ Node, Address: "not an address" });
    expect((await get(`/v1/catalog/node/${encodeURIComponent(Node)}`)).json).toMatchObject({ Node: { Node } });
  });

  test("accepts field names in upper and lower case", async () => {
    const Node = unique("node");
    await registerNode({ Node });
    expectTrue(await put("/v1/catalog/register", { node: Node, address: "192.0.2.8" }));
    expect((await get(`/v1/catalog/node/${Node}`)).text).toContain('"Address":"192.0.2.8"');
  });
});

describe("registering a service in the catalog", () => {
  test("without an ID uses the name as ID", async () => {
    const [Node, service] = [unique("node"), unique("web")];
    await registerNode({ Node, Service: { Service: service, Port: 80 } });
    expect(masked((await get(`/v1/catalog/service/${service}`)).text)).toBe(
      `[{"ID":"","Node":"${Node}","Address":"192.0.2.1","Datacenter":"dc1","TaggedAddresses":null,"NodeMeta":null,` +
        `"ServiceKind":"","ServiceID":"${service}","ServiceName":"${service}","ServiceTags":[],"ServiceAddress":"",` +
        `"ServiceWeights":{"Passing":1,"Warning":1},"ServiceMeta":{},"ServicePort":80,"ServiceEnableTagOverride":false,` +
        `${catalogProxyColumns},${rowIndexes}}]`,
    );
    expect(masked((await get(`/v1/catalog/node/${Node}`)).text)).toBe(
      `{"Node":${nodeText(Node)},"Services":{"${service}":{"ID":"${service}","Service":"${service}","Tags":[],"Address":"",` +
        `"Meta":null,"Port":80,${weights},${proxyColumns},${rowIndexes}}}}`,
    );
  });

  test("stores ID, tags, meta and address", async () => {
    const [Node, service] = [unique("node"), unique("web")];
    const Service = { ID: "one", Service: service, Tags: ["b", "a"], Meta: { m: "v" }, Address: "198.51.100.9" };
    await registerNode({ Node, Service });
    expect(masked((await get(`/v1/catalog/node-services/${Node}`)).text)).toBe(
      `{"Node":${nodeText(Node)},"Services":[{"ID":"one","Service":"${service}","Tags":["b","a"],"Address":"198.51.100.9",` +
        `"Meta":{"m":"v"},"Port":0,${weights},${proxyColumns},${rowIndexes}}]}`,
    );
  });

  test("with weights of zero sets the weights to one", async () => {
    const [Node, service] = [unique("node"), unique("web")];
    await registerNode({ Node, Service: { Service: service, Weights: { Passing: 0, Warning: 0 } } });
    expect((await get(`/v1/catalog/service/${service}`)).text).toContain('"ServiceWeights":{"Passing":1,"Warning":1}');
  });
});

describe("registering a service in the catalog again under another name", () => {
  test("keeps the checks of the service", async () => {
    const [Node, before, after] = [unique("node"), unique("web"), unique("web")];
    const Checks = [{ Name: "up", ServiceID: "one" }];
    await registerNode({ Node, Service: { ID: "one", Service: before, Tags: ["a"] }, Checks });
    await registerNode({ Node, Service: { ID: "one", Service: after, Tags: ["b"] } });
    expect((await get(`/v1/health/service/${after}`)).json).toMatchObject([{ Checks: [{ CheckID: "up" }] }]);
    const [old, renamed] = [await get(`/v1/health/checks/${before}`), await get(`/v1/health/checks/${after}`)];
    if (differs("consul", "a check stays under the name that its service had when the check was registered")) return;
    expect(old.text).toBe("[]");
    expect(renamed.json).toMatchObject([{ CheckID: "up", ServiceName: after, ServiceTags: ["b"] }]);
  });
});

describe("registering checks in the catalog", () => {
  test("accepts one or several checks of a node and of a service, and stores their definitions", async () => {
    const [Node, service] = [unique("node"), unique("web")];
    const Definition = { TCP: "192.0.2.1:1", Interval: "5s", Timeout: "1s", DeregisterCriticalServiceAfter: "30s" };
    const Check = {
      CheckID: "a",
      Status: "passing",
      ServiceID: service,
      Name: "n",
      Notes: "no",
      Output: "out",
      Definition,
    };
    const Checks = [{ CheckID: "b", Name: "other", Status: "warning" }];
    await registerNode({ Node, Service: { Service: service, Tags: ["t"] }, Check, Checks });
    const definition = { Interval: "5s", Timeout: "1s", DeregisterCriticalServiceAfter: "30s", TCP: "192.0.2.1:1" };
    const own = { node: Node, id: "a", name: "n", status: "passing", notes: "no", output: "out", service, tags: ["t"] };
    const ofService = checkText({ ...own, type: "tcp", definition });
    const ofNode = checkText({ node: Node, id: "b", name: "other", status: "warning" });
    expect(masked((await get(`/v1/health/node/${Node}`)).text)).toBe(`[${ofService},${ofNode}]`);
    expect(masked((await get(`/v1/health/checks/${service}`)).text)).toBe(`[${ofService}]`);
  });

  test("with only a name uses the name as ID and the status critical", async () => {
    const Node = unique("node");
    await registerNode({ Node, Check: { Name: "only name" } });
    const expected = checkText({ node: Node, id: "only name", status: "critical" });
    expect(masked((await get(`/v1/health/node/${Node}`)).text)).toBe(`[${expected}]`);
  });
});

describe("a registration in the catalog is refused", () => {
  const Address = "192.0.2.1";
  const decode = "Request decode failed: json: cannot unmarshal";

  test.each<[string, unknown, ExpectedError]>([
    ["no body", "", { status: 400, text: "Request decode failed: EOF" }],
    ["half a body", "{", { status: 400, text: "Request decode failed: unexpected EOF" }],
    ["a list", "[]", { status: 400, text: `${decode} array into Go value of type structs.RegisterRequest` }],
    [
      "an unknown field",
      { Node: "n", Address, Nope: 1 },
      { status: 400, text: 'Request decode failed: json: unknown field "Nope"' },
    ],
    [
      "a number as name",
      { Node: 5, Address },
      { status: 400, text: `${decode} number into Go struct field RegisterRequest.Node of type string` },
    ],
    ["null", "null", { status: 500, text: "Must provide node" }],
    ["no node", { Address }, { status: 500, text: "Must provide node" }],
    ["no address", { Node: "n" }, { status: 500, text: "Must provide address if SkipNodeUpdate is not set" }],
    [
      "another datacenter",
      { Node: "n", Address, Datacenter: "nowhere" },
      { status: 500, text: "No path to datacenter" },
    ],
    ["a bad ID", { Node: "n", Address, ID: "bad" }, { status: 500, text: "Bad node ID: uuid string is wrong length" }],
    [
      "a service without a name",
      { Node: "n", Address, Service: { ID: "x" } },
      { status: 500, text: "Must provide service name with ID" },
    ],
    [
      "a check of another node",
      { Node: "n", Address, Check: { CheckID: "c", Node: "other" } },
      { status: 500, text: 'check node "other" does not match node "n"' },
    ],
    [
      "a check of an unknown service",
      { Node: "n", Address, Check: { CheckID: "c", ServiceID: "nobody" } },
      { status: 500, text: 'failed inserting check: Missing service registration on node "n"' },
    ],
  ])("for %s", async (_what, body, error) => {
    expectError(await put("/v1/catalog/register", body), error);
    expect((await get("/v1/catalog/node/n")).text).toBe("null");
  });
});

describe("deregistering from the catalog", () => {
  test("removes a check by its ID, a service with its checks by its ID, and a node with everything on it by its name", async () => {
    const Node = unique("node");
    const Checks = [{ Name: "a" }, { Name: "b", ServiceID: "web" }, { Name: "c", ServiceID: "api" }];
    await registerNode({ Node, Service: { Service: "api" } });
    await registerNode({ Node, Service: { Service: "web" }, Checks });
    const checks = async (): Promise<string[]> =>
      ((await get(`/v1/health/node/${Node}`)).json as { CheckID: string }[]).map(({ CheckID }) => CheckID);
    expect(await checks()).toEqual(["a", "b", "c"]);
    expectTrue(await put("/v1/catalog/deregister", { Node, CheckID: "a" }));
    expect(await checks()).toEqual(["b", "c"]);
    expectTrue(await put("/v1/catalog/deregister", { Node, ServiceID: "web" }));
    expect(await checks()).toEqual(["c"]);
    expectTrue(await put("/v1/catalog/deregister", { Node }));
    expect(await checks()).toEqual([]);
    expect((await get(`/v1/catalog/node/${Node}`)).text).toBe("null");
  });

  test.each([{}, { ServiceID: "nobody" }, { CheckID: "nobody" }, { Address: "192.0.2.1" }])(
    "succeeds if the node does not exist, with the further fields %j",
    async (more) => {
      expectTrue(await put("/v1/catalog/deregister", { Node: unique("nobody"), ...more }));
    },
  );

  test.each<[unknown, ExpectedError]>([
    ["", { status: 400, text: "Request decode failed: EOF" }],
    [{}, { status: 500, text: "Must provide node" }],
    [
      { Node: "n", Nope: 1 },
      { status: 400, text: 'Request decode failed: json: unknown field "Nope"' },
    ],
    [
      { Node: "n", Datacenter: "nowhere" },
      { status: 500, text: "No path to datacenter" },
    ],
  ])("is refused for the body %j", async (body, error) => {
    expectError(await put("/v1/catalog/deregister", body), error);
  });
});
