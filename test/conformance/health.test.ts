import { describe, expect, test } from "bun:test";
import {
  expectError,
  get,
  masked,
  put,
  registerNode,
  registerService,
  sharedTarget,
  unique,
} from "../support/conformance.ts";
import { checkText, nodeText, proxyColumns, rowIndexes, serfHealthText } from "../support/expected.ts";

await sharedTarget();

/**
 * Registers three instances of a service, each on its own node, and returns the service's name. Instance one is
 * passing, instance two critical, and instance three warning. The first node has a passing check of its own.
 */
async function threeInstances(): Promise<string> {
  const service = unique("web");
  const states = { one: "passing", two: "critical", three: "warning" };
  for (const [at, [ID, Status]] of Object.entries(states).entries()) {
    const Node = unique(`node-${"abc"[at]}`);
    const Check = { CheckID: `check-${ID}`, Name: "n", Status, ServiceID: ID };
    const Tags = at === 1 ? ["v2"] : ["v1", "primary"];
    await registerNode({
      Node,
      NodeMeta: { rack: `${service}-${at}` },
      Service: { ID, Service: service, Tags },
      Check,
    });
    const nodeCheck = { CheckID: `check-${service}`, Name: "n", Status: "passing" };
    if (at === 0) await registerNode({ Node, SkipNodeUpdate: true, Check: nodeCheck });
  }
  return service;
}

interface Entry {
  readonly Service: { readonly ID: string };
  readonly Checks: readonly { readonly CheckID: string }[];
}

async function idsOf(path: string): Promise<string> {
  return ((await get(path)).json as Entry[]).map(({ Service }) => Service.ID).join(" ");
}

async function checksOf(path: string): Promise<string[]> {
  return ((await get(path)).json as { CheckID: string }[]).map(({ CheckID }) => CheckID);
}

describe("the health of a service", () => {
  test("has for an instance of this agent the node, the service, and the node's checks before the service's checks", async () => {
    const Name = unique("web");
    await registerService({ Name, Tags: ["t"], Port: 80, Check: { TTL: "1h", Status: "passing" } });
    const check = { id: `service:${Name}`, name: `Service '${Name}' check`, status: "passing", service: Name };
    expect(masked((await get(`/v1/health/service/${Name}`)).text)).toBe(
      `[{"Node":${nodeText},"Service":{"ID":"${Name}","Service":"${Name}","Tags":["t"],"Address":"","Meta":null,"Port":80,` +
        `"Weights":{"Passing":1,"Warning":1},"EnableTagOverride":false,${proxyColumns},${rowIndexes}},` +
        `"Checks":[${serfHealthText},${checkText({ ...check, tags: ["t"], type: "ttl" })}]}]`,
    );
  });

  test("has the tagged addresses of an instance with an IP address before the service's meta", async () => {
    const Name = unique("web");
    await registerService({ Name, Address: "10.1.2.3", Port: 80, Meta: { a: "1" } });
    expect((await get(`/v1/health/service/${Name}`)).text).toContain(
      '"Address":"10.1.2.3","TaggedAddresses":{"lan_ipv4":{"Address":"10.1.2.3","Port":80},"wan_ipv4":{"Address":"10.1.2.3","Port":80}},"Meta":{"a":"1"},"Port":80',
    );
  });

  test("is passing for the service consul", async () => {
    const text = masked((await get("/v1/health/service/consul?passing")).text);
    expect(text).toStartWith(`[{"Node":${nodeText},"Service":{"ID":"consul","Service":"consul","Tags":[],`);
    expect(text).toEndWith(`"Checks":[${serfHealthText}]}]`);
  });

  test("has an empty list of checks if the service has none", async () => {
    const [Node, service] = [unique("node"), unique("web")];
    await registerNode({ Node, Service: { Service: service } });
    expect((await get(`/v1/health/service/${service}`)).text).toEndWith('"Checks":[]}]');
    expect(await idsOf(`/v1/health/service/${service}?passing`)).toBe(service);
  });

  test("is an empty list with an index if the service is unknown", async () => {
    const answer = await get("/v1/health/service/nobody");
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: "[]" });
    expect(answer.index).toBeGreaterThan(0);
  });

  test.each([
    ["", "one two three"],
    ["?passing", "one"],
    ["?passing=", "one"],
    ["?passing=1", "one"],
    ["?passing=true", "one"],
    ["?passing=false", "one two three"],
    ["?passing=0", "one two three"],
    ["?tag=v1", "one three"],
    ["?tag=PRIMARY&tag=v1", "one three"],
    ["?tag=v1&tag=v2", ""],
    ["?passing&tag=v2", ""],
    ["?near=_agent", "one two three"],
    ["?dc=dc1", "one two three"],
    ["?dc=", "one two three"],
    ["?filter=Service.ID==two", "two"],
    ["?filter=Checks.Status==warning", "three"],
    ["?passing&filter=Service.ID==two", ""],
  ])("with the query %j lists the matching instances", async (query, expected) => {
    expect(await idsOf(`/v1/health/service/${await threeInstances()}${query}`)).toBe(expected);
  });

  test("with node-meta lists the instances on nodes with that meta", async () => {
    const service = await threeInstances();
    expect(await idsOf(`/v1/health/service/${service}?node-meta=rack:${service}-1`)).toBe("two");
  });

  test("is not passing while a check of the service's node has the status warning", async () => {
    const [Node, service] = [unique("node"), unique("web")];
    await registerNode({ Node, Service: { Service: service }, Check: { Name: "disk", Status: "warning" } });
    expect(await idsOf(`/v1/health/service/${service}?passing`)).toBe("");
  });

  test("has no checks of other services on the same node", async () => {
    const [Node, service] = [unique("node"), unique("web")];
    await registerNode({
      Node,
      Service: { Service: `${service}-2` },
      Check: { Name: "other", ServiceID: `${service}-2` },
    });
    await registerNode({ Node, Service: { Service: service }, Check: { Name: "own", ServiceID: service } });
    const [entry] = (await get(`/v1/health/service/${service}`)).json as Entry[];
    expect(entry?.Checks.map(({ CheckID }) => CheckID)).toEqual(["own"]);
  });

  test("is refused with an invalid value of ?passing", async () => {
    const answer = await get("/v1/health/service/consul?passing=abc");
    expectError(answer, { status: 400, text: "Invalid value for ?passing" });
  });
});

describe("a list of checks", () => {
  test("of a service has only the service's checks, sorted by node and ID", async () => {
    expect(await checksOf(`/v1/health/checks/${await threeInstances()}`)).toEqual([
      "check-one",
      "check-two",
      "check-three",
    ]);
  });

  test("of a service can be filtered by node meta", async () => {
    const service = await threeInstances();
    expect(await checksOf(`/v1/health/checks/${service}?node-meta=rack:${service}-2`)).toEqual(["check-three"]);
  });

  test("of a service is found by the service's name in any letter case", async () => {
    expect(await checksOf(`/v1/health/checks/${(await threeInstances()).toUpperCase()}`)).toHaveLength(3);
  });

  test("of the agent's node has the node's check serfHealth", async () => {
    const text = masked((await get("/v1/health/node/node1?filter=CheckID==serfHealth")).text);
    expect(text).toBe(`[${serfHealthText}]`);
  });

  test.each(["/v1/health/checks/nobody", "/v1/health/node/nobody", "/v1/health/checks/consul"])(
    "is empty, with an index, if no check matches: %s",
    async (path) => {
      const answer = await get(path);
      expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: "[]" });
      expect(answer.index).toBeGreaterThan(0);
    },
  );
});

describe("health/state", () => {
  test.each([
    ["any", ["check-one", "check-two", "check-three"]],
    ["passing", ["check-one"]],
    ["warning", ["check-three"]],
    ["critical", ["check-two"]],
    ["CRITICAL", []],
    ["weird", []],
  ])("with the state %s lists the checks in this state", async (state, expected) => {
    const service = await threeInstances();
    const filter = encodeURIComponent(`ServiceName == "${service}"`);
    expect(await checksOf(`/v1/health/state/${state}?filter=${filter}`)).toEqual(expected);
  });

  test("with the state any lists the checks of nodes, too, and can be filtered by node meta", async () => {
    const service = await threeInstances();
    expect(await checksOf(`/v1/health/state/any?node-meta=rack:${service}-0`)).toEqual([
      "check-one",
      `check-${service}`,
    ]);
    expect(await checksOf("/v1/health/state/passing")).toContain("serfHealth");
  });

  test("lists a check under its present status and under no other", async () => {
    const Name = unique("web");
    await registerService({ Name, Check: { TTL: "1h", Status: "passing" } });
    await put(`/v1/agent/check/warn/service:${Name}`);
    expect(await checksOf("/v1/health/state/warning")).toContain(`service:${Name}`);
    expect(await checksOf("/v1/health/state/passing")).not.toContain(`service:${Name}`);
  });
});

test.each([
  ["/v1/health/service/", "Missing service name"],
  ["/v1/health/checks/", "Missing service name"],
  ["/v1/health/node/", "Missing node name"],
  ["/v1/health/state/", "Missing check state"],
])("%s without a name is refused", async (path, text) => {
  expectError(await get(path), { status: 400, text });
});
