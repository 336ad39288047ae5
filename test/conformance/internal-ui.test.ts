import { describe, expect, test } from "bun:test";
import { expectUndisturbed, expectWoken, whileBlocked } from "../support/blocked.ts";
import { expectError, get, masked, put, registerNode, sharedTarget, unique } from "../support/conformance.ts";

await sharedTarget();

interface Named {
  readonly Name?: string;
  readonly Node?: string;
}

/** Returns the service or node with the name from the list at the path, as JSON text; undefined if it is missing. */
async function row(path: string, name: string): Promise<string | undefined> {
  const answer = await get(path);
  expect(answer.header("X-Consul-Knownleader")).toBe("true");
  expect(answer.header("X-Consul-Effective-Consistency")).toBeUndefined();
  const found = (answer.json as Named[]).find(({ Name, Node }) => (Name ?? Node) === name);
  return found && JSON.stringify(found);
}

/** Registers a node with two instances of a service, and checks of all states. */
async function registerInstances(): Promise<{ readonly node: string; readonly service: string }> {
  const node = unique("ui-node");
  const service = unique("ui-service");
  await registerNode({
    Node: node,
    Service: { ID: "w1", Service: service, Tags: ["b", "a"] },
    Checks: [
      { CheckID: "c0", Status: "passing" },
      { CheckID: "c1", Status: "critical", ServiceID: "w1" },
    ],
  });
  await registerNode({
    Node: node,
    Service: { ID: "w2", Service: service },
    Checks: [{ CheckID: "c2", Status: "warning", ServiceID: "w2" }],
  });
  return { node, service };
}

describe("an endpoint of Consul's UI", () => {
  test("returns a service with its tags, a node for each instance and the counts of its checks", async () => {
    const { node, service } = await registerInstances();
    expect(await row("/v1/internal/ui/services", service)).toBe(
      `{"Name":"${service}","Tags":["a","b"],"Nodes":["${node}","${node}"],"InstanceCount":2,"ChecksPassing":2,"ChecksWarning":1,"ChecksCritical":1,"ExternalSources":null,"GatewayConfig":{}}`,
    );
  });

  test("returns a node with its services and checks", async () => {
    const { node, service } = await registerInstances();
    const text = (await get(`/v1/internal/ui/node/${node}`)).text;
    expect(masked(text)).toBe(
      `{"ID":"","Node":"${node}","Address":"192.0.2.1","TaggedAddresses":null,"Meta":null,"Services":[` +
        `{"ID":"w1","Service":"${service}","Tags":["b","a"],"Address":"","Meta":null,"Port":0,"Weights":{"Passing":1,"Warning":1},"EnableTagOverride":false,"Proxy":{"MeshGateway":{},"Expose":{}},"Connect":{},"CreateIndex":0,"ModifyIndex":0},` +
        `{"ID":"w2","Service":"${service}","Tags":null,"Address":"","Meta":null,"Port":0,"Weights":{"Passing":1,"Warning":1},"EnableTagOverride":false,"Proxy":{"MeshGateway":{},"Expose":{}},"Connect":{},"CreateIndex":0,"ModifyIndex":0}],"Checks":[` +
        `{"Node":"${node}","CheckID":"c0","Name":"","Status":"passing","Notes":"","Output":"","ServiceID":"","ServiceName":"","ServiceTags":null,"Type":"","Definition":{},"CreateIndex":0,"ModifyIndex":0},` +
        `{"Node":"${node}","CheckID":"c1","Name":"","Status":"critical","Notes":"","Output":"","ServiceID":"w1","ServiceName":"${service}","ServiceTags":["b","a"],"Type":"","Definition":{},"CreateIndex":0,"ModifyIndex":0},` +
        `{"Node":"${node}","CheckID":"c2","Name":"","Status":"warning","Notes":"","Output":"","ServiceID":"w2","ServiceName":"${service}","ServiceTags":null,"Type":"","Definition":{},"CreateIndex":0,"ModifyIndex":0}]}`,
    );
    expect(await row("/v1/internal/ui/nodes", node)).toBe(text);
  });

  test("returns 404 for an unknown node, and refuses a request without a node name", async () => {
    const answer = await get("/v1/internal/ui/node/nosuch");
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 404, text: "" });
    expectError(await get("/v1/internal/ui/node/"), { status: 400, text: "Missing node name" });
  });

  test("returns an error for another datacenter", async () => {
    expectError(await get("/v1/internal/ui/services?dc=other"), { status: 500, text: "No path to datacenter" });
  });

  test.each(["services", "nodes"])("answers a blocking query for %s when a check changes", async (list) => {
    const { node } = await registerInstances();
    const check = { CheckID: "c0", Status: "critical" };
    const act = (): Promise<unknown> => put("/v1/catalog/register", { Node: node, SkipNodeUpdate: true, Check: check });
    expectWoken(await whileBlocked(`/v1/internal/ui/${list}`, act));
    await expectUndisturbed(`/v1/internal/ui/${list}`, () => put("/v1/kv/conformance-ui", "x"));
  });
});
