import { expect, onTestFinished, test } from "bun:test";
import { differs, expectEmpty, get, put, registerService, sharedTarget, unique } from "../support/conformance.ts";
import { within } from "../support/within.ts";

await sharedTarget();

interface AgentService {
  readonly Port: number;
  readonly [field: string]: unknown;
}

/** Returns the agent's service without its content hash; undefined if the agent has no service with that id. */
async function serviceOf(id: string): Promise<AgentService | undefined> {
  const answer = await get(`/v1/agent/service/${id}`);
  if (answer.status !== 200) return undefined;
  const { ContentHash: _, ...service } = answer.json as AgentService;
  return service;
}

/** Returns name and type of a service's checks by check ID. */
async function checksOf(id: string): Promise<Readonly<Record<string, unknown>>> {
  const checks = Object.entries((await get("/v1/agent/checks")).json as Record<string, Record<string, unknown>>);
  const own = checks.filter(([, check]) => check["ServiceID"] === id);
  return Object.fromEntries(own.map(([checkId, { Name, Type }]) => [checkId, [Name, Type]]));
}

async function register(Name: string, sidecar: object | undefined, more: object = {}): Promise<void> {
  const connect = sidecar && { Connect: { SidecarService: sidecar } };
  await registerService({ Name, Port: 80, ...connect, ...more });
}

test("a sidecar is registered together with its service, and has two checks", async () => {
  const name = unique("press");
  const parent = { ID: `${name}-1`, Tags: ["a"], Meta: { m: "1" }, Address: "192.0.2.7", EnableTagOverride: true };
  await register(name, {}, parent);
  const id = `${name}-1-sidecar-proxy`;
  const service = await serviceOf(id);
  const Port = service?.Port ?? 0;
  expect(Port).toBeWithin(21_000, 21_256);
  expect(service).toEqual({
    ...{ Kind: "connect-proxy", ID: id, Service: `${name}-sidecar-proxy`, Tags: ["a"], Meta: { m: "1" } },
    ...{ Port, Address: "192.0.2.7", Weights: { Passing: 1, Warning: 1 }, EnableTagOverride: false },
    TaggedAddresses: { lan_ipv4: { Address: "192.0.2.7", Port }, wan_ipv4: { Address: "192.0.2.7", Port } },
    Proxy: {
      ...{ DestinationServiceName: name, DestinationServiceID: `${name}-1` },
      ...{ LocalServiceAddress: "127.0.0.1", LocalServicePort: 80, MeshGateway: {}, Expose: {} },
    },
  });
  expect(await checksOf(id)).toEqual({
    [`service:${id}:1`]: ["Connect Sidecar Listening", "tcp"],
    [`service:${id}:2`]: [`Connect Sidecar Aliasing ${name}-1`, "alias"],
  });
  await within(15_000, async () => {
    const found = await get(`/v1/catalog/service/${name}-sidecar-proxy`);
    expect(found.json).toMatchObject([{ ServiceID: id, ServiceKind: "connect-proxy", ServicePort: Port }]);
  });
});

test("fields of SidecarService take precedence over the defaults that come from the service", async () => {
  const name = unique("press");
  const proxy = {
    ...{ LocalServiceAddress: "127.0.0.9", LocalServicePort: 81, Config: { a: 1 } },
    Upstreams: [{ DestinationName: "oven", LocalBindPort: 9191 }],
  };
  const own = { Name: `${name}-own`, Port: 4000, Tags: ["b"], Meta: { n: "2" }, Address: "192.0.2.8", Proxy: proxy };
  await register(name, { ...own, Check: { TTL: "30s" } }, { Tags: ["a"], Meta: { m: "1" } });
  const id = `${name}-sidecar-proxy`;
  expect(await serviceOf(id)).toMatchObject({
    ...{ Service: `${name}-own`, Port: 4000, Tags: ["b"], Meta: { n: "2" }, Address: "192.0.2.8" },
    Proxy: {
      ...{ DestinationServiceName: name, LocalServiceAddress: "127.0.0.9", LocalServicePort: 81, Config: { a: 1 } },
      Upstreams: [{ DestinationType: "service", DestinationName: "oven", LocalBindPort: 9191 }],
    },
  });
  expect(await checksOf(id)).toEqual({ [`service:${id}`]: [`Service '${name}-own' check`, "ttl"] });
});

test("a service that is registered again keeps its sidecar and the sidecar's port, with or without SidecarService", async () => {
  const [name, other] = [unique("press"), unique("mixer")];
  const id = `${name}-sidecar-proxy`;
  await register(name, {});
  const Port = (await serviceOf(id))?.Port;
  await register(other, {});
  expect((await serviceOf(`${other}-sidecar-proxy`))?.Port).not.toBe(Port ?? 0);
  await register(name, {}, { Port: 81 });
  expect(await serviceOf(id)).toMatchObject({ Port, Proxy: { LocalServicePort: 81 } });
  await register(name, undefined, { Port: 82 });
  expect(await serviceOf(id)).toMatchObject({ Port, Proxy: { LocalServicePort: 81 } });
});

test("a sidecar is deregistered with its service, and can be deregistered while the service stays", async () => {
  const name = unique("press");
  const id = `${name}-sidecar-proxy`;
  await register(name, {});
  expectEmpty(await put(`/v1/agent/service/deregister/${id}`));
  expect([await serviceOf(id), (await serviceOf(name))?.Port]).toEqual([undefined, 80]);
  await register(name, {});
  expectEmpty(await put(`/v1/agent/service/deregister/${name}`));
  expect([await serviceOf(id), await serviceOf(name), await checksOf(id)]).toEqual([undefined, undefined, {}]);
});

test("deregistering a service keeps a separately registered service that has the id of its sidecar", async () => {
  const name = unique("press");
  const id = `${name}-sidecar-proxy`;
  await register(name, {});
  await registerService({ ID: id, Name: `${name}-mine`, Port: 1234 });
  expectEmpty(await put(`/v1/agent/service/deregister/${name}`));
  expect(await serviceOf(id)).toMatchObject({ Service: `${name}-mine`, Port: 1234 });
});

test.each([
  [{ ID: "own" }, "A SidecarService cannot specify an ID as this is managed by the agent"],
  [{ Connect: { SidecarService: {} } }, "A SidecarService cannot have a nested SidecarService"],
])("the sidecar definition %j is refused", async (sidecar, fault) => {
  const name = unique("press");
  const answer = await put("/v1/agent/service/register", { Name: name, Connect: { SidecarService: sidecar } });
  expect([answer.status, answer.text]).toEqual([400, `1 error occurred:\n\t* ${fault}\n\n`]);
  expect(await serviceOf(name)).toBeUndefined();
});

test("a registration whose sidecar has an invalid check registers neither service nor sidecar", async () => {
  const name = unique("press");
  onTestFinished(async () => void (await put(`/v1/agent/service/deregister/${name}`)));
  const sidecar = { Check: { Interval: "1s" } };
  const answer = await put("/v1/agent/service/register", { Name: name, Connect: { SidecarService: sidecar } });
  expect(answer.status).toBe(differs("praetor", "repeating the request will not help") ? 400 : 500);
  expect(answer.text).toContain("TTL must be > 0 for TTL checks");
  expect(await serviceOf(name)).toBeUndefined();
});

test("the catalog accepts a service whose definition has SidecarService", async () => {
  const [Node, Service] = [unique("node"), unique("press")];
  onTestFinished(async () => void (await put("/v1/catalog/deregister", { Node })));
  const row = { Node, Address: "192.0.2.1", Service: { Service, Connect: { SidecarService: {} } } };
  expect((await put("/v1/catalog/register", row)).status).toBe(200);
  expect((await get(`/v1/catalog/service/${Service}`)).json).toHaveLength(1);
});
