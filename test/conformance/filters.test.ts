import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { expectError, get, put, registerService, sharedTarget, unique } from "../support/conformance.ts";

await sharedTarget();

const service = unique("filtered");
const nodes = [`${service}_a`, `${service}_b`, `${service}_c`] as const;
const [nodeA, nodeB, nodeC] = nodes;

beforeAll(async () => {
  const register = (body: object): Promise<unknown> => put("/v1/catalog/register", body);
  const Check = { CheckID: "c", Name: "n", Notes: "note" };
  await register({
    ...{ Node: nodeA, Address: "192.0.2.1", NodeMeta: { rack: "r2" } },
    Service: { ID: "one", Service: service, Tags: ["v1"], Port: 1 },
    Check: { ...Check, Status: "passing", ServiceID: "one", Output: "fine" },
  });
  await register({
    ...{
      Node: nodeB,
      Address: "192.0.2.2",
      NodeMeta: { rack: "r1", zone: "z" },
      TaggedAddresses: { lan: "192.0.2.2" },
    },
    Service: { ID: "two", Service: service, Tags: ["v2", "primary"], Meta: { env: "prod" }, Port: 2, Address: "h" },
    Check: { ...Check, Status: "critical", ServiceID: "two" },
  });
  await register({
    ...{ Node: nodeC, Address: "192.0.2.3" },
    Service: { ID: "three", Service: service, Tags: ["v1", "primary"], Port: 3, EnableTagOverride: true },
  });
});

afterAll(async () => {
  for (const Node of nodes) await put("/v1/catalog/deregister", { Node });
});

/** Returns the names of the nodes, services or checks that the filter selects, in the order of the answer. */
async function chosen(path: string, expression: string): Promise<readonly string[]> {
  const answer = await get(`${path}?filter=${encodeURIComponent(expression)}`);
  expect({ status: answer.status, text: answer.status === 200 ? "" : answer.text }).toEqual({ status: 200, text: "" });
  return (answer.json as Row[]).map(nameOf).filter((name) => name !== "node1");
}

interface Row {
  readonly ServiceID?: string;
  readonly Service?: { readonly ID: string };
  readonly Node: unknown;
}

function nameOf({ ServiceID, Service, Node }: Row): string {
  return ServiceID ?? Service?.ID ?? String(Node).replace(`${service}_`, "");
}

describe("a filter for nodes", () => {
  const mine = `Node matches "^${service}_"`;

  test.each([
    [`Node == "${nodeB}"`, ["b"]],
    [`Node=="${nodeB}"`, ["b"]],
    [`Node\t==\n"${nodeB}"`, ["b"]],
    [`Node == \`${nodeB}\``, ["b"]],
    [`${mine} and Node != "${nodeB}"`, ["a", "c"]],
    [`${mine} and not Node == "${nodeB}"`, ["a", "c"]],
    [`${mine} and Address == "192.0.2.1"`, ["a"]],
    [`${mine} and Meta.rack == "r1"`, ["b"]],
    [`${mine} and Meta.rack == r1`, ["b"]],
    [`${mine} and Meta["rack"] == "r1"`, ["b"]],
    [`${mine} and rack in Meta`, ["a", "b"]],
    [`${mine} and "rack" in Meta`, ["a", "b"]],
    [`${mine} and "rack" not in Meta`, ["c"]],
    [`${mine} and Meta contains rack`, ["a", "b"]],
    [`${mine} and Meta is empty`, ["c"]],
    [`${mine} and Meta is not empty`, ["a", "b"]],
    [`${mine} and Meta.nobody == "x"`, []],
    [`${mine} and Meta.nobody != "x"`, ["a", "b", "c"]],
    [`${mine} and TaggedAddresses.lan == "192.0.2.2"`, ["b"]],
    [`${mine} and TaggedAddresses is empty`, ["a", "c"]],
    [`${mine} and Node matches "_[ab]$"`, ["a", "b"]],
    [`${mine} and Node not matches "_[ab]$"`, ["c"]],
    [`"${service}_" in Node`, ["a", "b", "c"]],
    [`Node contains "${service}_"`, ["a", "b", "c"]],
    [`${mine} and ID == ""`, ["a", "b", "c"]],
    [`${mine} and Datacenter == dc1`, ["a", "b", "c"]],
    [`Node == "${nodeA}" or Node == "${nodeB}"`, ["a", "b"]],
    [`Node == "${nodeA}" or Node == "${nodeB}" and Meta.rack == "r2"`, ["a"]],
    [`(Node == "${nodeA}" or Node == "${nodeB}") and Meta.rack == "r1"`, ["b"]],
    [`not (Node == "${nodeA}" or Node == "${nodeB}") and ${mine}`, ["c"]],
    ["Node == nobody", []],
    ["Node == 5", []],
    ["Node == true", []],
  ])("selects the matching rows: %s", async (expression, expected) => {
    expect(await chosen("/v1/catalog/nodes", expression)).toEqual(expected);
  });
});

describe("a filter for the instances of a service in the catalog", () => {
  test.each([
    ["ServicePort == 1", ["one"]],
    ['ServicePort == "1"', ["one"]],
    ["ServicePort != 1", ["two", "three"]],
    ["ServicePort == -1", []],
    ['ServiceTags contains "v1"', ["one", "three"]],
    ["v1 in ServiceTags", ["one", "three"]],
    ['"v1" not in ServiceTags', ["two"]],
    ["v1 in ServiceTags and primary in ServiceTags", ["three"]],
    ["ServiceTags is empty", []],
    ["ServiceTags is not empty", ["one", "two", "three"]],
    ["ServiceMeta.env == prod", ["two"]],
    ["ServiceMeta is empty", ["one", "three"]],
    ["ServiceEnableTagOverride == true", ["three"]],
    ['ServiceEnableTagOverride == "false"', ["one", "two"]],
    ["ServiceWeights.Passing == 1", ["one", "two", "three"]],
    ['ServiceKind == ""', ["one", "two", "three"]],
    ["ServiceID == two", ["two"]],
    ["ServiceAddress == h", ["two"]],
    ["ServiceTaggedAddresses is empty", ["one", "two", "three"]],
    ["NodeMeta.rack == r2", ["one"]],
    ["Address == `192.0.2.3`", ["three"]],
    [`ServiceName == "${service}"`, ["one", "two", "three"]],
  ])("selects the matching rows: %s", async (expression, expected) => {
    expect(await chosen(`/v1/catalog/service/${service}`, expression)).toEqual(expected);
  });
});

describe("a filter for the instances of a service with their health", () => {
  test.each([
    ["Service.Port == 1", ["one"]],
    ["Service.Tags contains v1", ["one", "three"]],
    ["Service.Meta.env == prod", ["two"]],
    ["Service.ID == two", ["two"]],
    ["Service.EnableTagOverride == true", ["three"]],
    ["Service.Weights.Warning == 1", ["one", "two", "three"]],
    ["Node.Meta.rack == r1", ["two"]],
    [`Node.Node == "${nodeC}"`, ["three"]],
    ["Node.Datacenter == dc1", ["one", "two", "three"]],
    ["Checks is empty", ["three"]],
    ["Checks is not empty", ["one", "two"]],
    ["Checks.Status == passing", ["one"]],
    ["Checks.CheckID == c and Service.Port == 2", ["two"]],
  ])("selects the matching rows: %s", async (expression, expected) => {
    expect(await chosen(`/v1/health/service/${service}`, expression)).toEqual(expected);
  });
});

describe("a filter for checks", () => {
  test.each([
    ["Status == critical", ["two"]],
    ["Status != critical", ["one"]],
    ["ServiceTags contains v1", ["one"]],
    ["Name == n", ["one", "two"]],
    ["CheckID == c", ["one", "two"]],
    ["Notes == note", ["one", "two"]],
    ["Output == fine", ["one"]],
    ["ServiceID == two", ["two"]],
    [`Node == "${nodeB}"`, ["two"]],
    ['Type == ""', ["one", "two"]],
  ])("selects the matching rows: %s", async (expression, expected) => {
    expect(await chosen(`/v1/health/checks/${service}`, expression)).toEqual(expected);
    const ofService = `ServiceName == "${service}" and ${expression}`;
    expect(await chosen("/v1/health/state/any", ofService)).toEqual(expected);
    const onNode = expected.filter((name) => name === "two");
    expect(await chosen(`/v1/health/node/${nodeB}`, expression)).toEqual(onNode);
  });
});

describe("a filter for the services of a node", () => {
  test.each([
    ["Port == 2", true],
    ["Port == 3", false],
    [`Service == "${service}"`, true],
    ["Tags contains v2", true],
    ["Tags contains v1", false],
    ["ID == two", true],
    ["Meta.env == prod", true],
    ["Weights.Passing == 1", true],
    ["EnableTagOverride == false", true],
    ['Kind == ""', true],
    ["Address == h", true],
    ["TaggedAddresses is empty", true],
  ])("selects the matching rows: %s", async (expression, there) => {
    const filter = encodeURIComponent(expression);
    const asObject = (await get(`/v1/catalog/node/${nodeB}?filter=${filter}`)).json as { Services: object };
    expect(Object.keys(asObject.Services)).toEqual(there ? ["two"] : []);
    const asList = (await get(`/v1/catalog/node-services/${nodeB}?filter=${filter}`)).json as { Services: object[] };
    expect(asList.Services).toHaveLength(there ? 1 : 0);
  });
});

describe("a filter for the agent's local state", () => {
  test.each([
    "Port == 8",
    "Tags contains t1",
    "Meta.a == b",
    "Weights.Passing == 1",
    "EnableTagOverride == false",
    'Kind == ""',
  ])("selects services: %s", async (expression) => {
    const Name = unique("web");
    await registerService({ Name, Tags: ["t1"], Port: 8, Meta: { a: "b" } });
    const filter = encodeURIComponent(`Service == "${Name}" and ${expression}`);
    expect(Object.keys((await get(`/v1/agent/services?filter=${filter}`)).json as object)).toEqual([Name]);
  });

  test.each(["Status == critical", "Type == ttl", "ServiceTags contains t1", "Node == node1", 'Output == ""'])(
    "selects checks: %s",
    async (expression) => {
      const Name = unique("web");
      await registerService({ Name, Tags: ["t1"], Check: { TTL: "1h" } });
      const filter = encodeURIComponent(`ServiceName == "${Name}" and ${expression}`);
      expect(Object.keys((await get(`/v1/agent/checks?filter=${filter}`)).json as object)).toEqual([`service:${Name}`]);
    },
  );
});

const prefix = "Failed to create boolean expression evaluator: ";
const filterable = [
  ...["/v1/catalog/nodes", "/v1/catalog/service/nobody", "/v1/catalog/node/nobody", "/v1/catalog/node-services/nobody"],
  ...["/v1/health/node/nobody", "/v1/health/checks/nobody", "/v1/health/state/any", "/v1/health/service/nobody"],
  "/v1/agent/services",
];

describe("an invalid filter is refused", () => {
  test.each(filterable)("with an error that names the unknown field, even if the list is empty: %s", async (path) => {
    expectError(await get(`${path}?filter=Nope==1`), { status: 500, text: `${prefix}Selector "Nope" is not valid` });
  });

  test("at agent/checks with an error that names the unknown field", async () => {
    await registerService({ Name: unique("web"), Check: { TTL: "1h" } });
    const answer = await get("/v1/agent/checks?filter=Nope==1");
    expect(answer.status).toBe(500);
    // Only the end of the error is compared: Consul omits the common beginning of filter errors at this endpoint, and
    // Praetor does not.
    expect(answer.text).toEndWith('Selector "Nope" is not valid');
  });

  test.each([
    ["CreateIndex == 5", 'Selector "CreateIndex" is not valid'],
    ["node == x", 'Selector "node" is not valid'],
    ["Node.x == y", 'Selector "Node.x" is not valid'],
    ["Meta.rack.x == y", 'Selector "Meta.rack.x" is not valid'],
    ["Node is empty", 'Invalid match operator "Is Empty" for selector "Node"'],
    ["Meta == x", 'Invalid match operator "Equal" for selector "Meta"'],
  ])("for the expression %s", async (expression, why) => {
    const answer = await get(`/v1/catalog/nodes?filter=${encodeURIComponent(expression)}`);
    expectError(answer, { status: 500, text: `${prefix}${why}` });
  });

  test.each([
    [
      "ServicePort == x",
      'Failed to coerce value "x" for selector "ServicePort": strconv.ParseInt: parsing "x": invalid syntax',
    ],
    [
      "ServiceEnableTagOverride == x",
      'Failed to coerce value "x" for selector "ServiceEnableTagOverride": strconv.ParseBool: parsing "x": invalid syntax',
    ],
    ["ServiceTags == v1", 'Invalid match operator "Equal" for selector "ServiceTags"'],
    ["ServicePort is empty", 'Invalid match operator "Is Empty" for selector "ServicePort"'],
  ])("for the expression %s", async (expression, why) => {
    const answer = await get(`/v1/catalog/service/consul?filter=${encodeURIComponent(expression)}`);
    expectError(answer, { status: 500, text: `${prefix}${why}` });
  });

  test.each([
    ...[
      "Node",
      "Node ==",
      "== x",
      'Node == "open',
      "Node = x",
      "Node > x",
      '(Node == "x"',
      'Node == "x")',
      "and",
      "   ",
    ],
    ...[
      'Node == "x" and',
      'Node == "x" Node',
      "NOT Node == x",
      'Node == "x" AND Node == "x"',
      "Node == f-b",
      "Node == 01",
    ],
    ...["Meta[rack] == x", 'Node in ["x"]', 'Node matches "("', 'Node == "x" && Node == "x"', "Node == {}"],
  ])("as a syntax error: %s", async (expression) => {
    const answer = await get(`/v1/catalog/nodes?filter=${encodeURIComponent(expression)}`);
    expect(answer.status).toBe(500);
    expect(answer.text).toStartWith(prefix);
  });
});

test.each(["/v1/catalog/services", "/v1/catalog/datacenters", "/v1/kv/?keys", "/v1/agent/members"])(
  "an endpoint that does not support filters ignores an invalid one: %s",
  async (path) => {
    expect((await get(`${path}${path.includes("?") ? "&" : "?"}filter=Nope==1`)).status).toBe(200);
  },
);

test("an empty filter selects the whole list", async () => {
  expect((await get("/v1/catalog/nodes?filter=")).text).toBe((await get("/v1/catalog/nodes")).text);
});
