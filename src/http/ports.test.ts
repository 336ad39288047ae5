import { describe, expect, test } from "bun:test";
import { serviceNamed } from "../../test/support/state.ts";
import { settle } from "../../test/support/settle.ts";
import { startTestApi, type TestApi, type TestApiOptions } from "../../test/support/api.ts";

const goClient = { "User-Agent": "Go-http-client/1.1" };

async function startApi(options: TestApiOptions = {}): Promise<Asker> {
  return new Asker(await startTestApi({ portRules: { policy: "reassign" }, ...options }));
}

interface LocalState {
  readonly status: number;
  readonly header: string | null;
  readonly text: string;
}

/** Sends the requests that EdgeX's services send. */
class Asker {
  readonly api: TestApi;

  constructor(api: TestApi) {
    this.api = api;
  }

  async put(path: string, body: unknown, headers: Record<string, string> = {}): Promise<LocalState> {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const response = await this.api.ask(path, { method: "PUT", body: text, headers });
    return {
      status: response.status,
      header: response.headers.get("X-EdgeX-Port-Changed"),
      text: await response.text(),
    };
  }

  register(Name: string, Port: number, more: object = {}): Promise<LocalState> {
    return this.put("/v1/agent/service/register", { Name, Port, Address: "localhost", ...more }, goClient);
  }

  deregister(name: string): Promise<LocalState> {
    return this.put(`/v1/agent/service/deregister/${name}`, "");
  }

  async store(service: string, port: number, host = "localhost"): Promise<void> {
    await this.put(`/v1/kv/edgex/core/1.0/${service}/Service/Port`, String(port));
    await this.put(`/v1/kv/edgex/core/1.0/${service}/Service/Host`, host);
    await settle();
  }

  /** Reads all of the service's configuration in one request, as a service does when it starts, and returns its port. */
  async readPort(service: string, more = "&wait=1800000ms"): Promise<number> {
    const response = await this.api.ask(`/v1/kv/edgex/core/1.0/${service}/?recurse=${more}`);
    const entries = (await response.json()) as { readonly Key: string; readonly Value: string }[];
    const entry = entries.find(({ Key }) => Key.endsWith(`/${service}/Service/Port`));
    return Number(Buffer.from(entry?.Value ?? "", "base64").toString());
  }

  async record(service: string): Promise<Record<string, unknown> | undefined> {
    await settle();
    const response = await this.api.ask(`/v1/praetor/ports/${service}`);
    return response.status === 404 ? undefined : ((await response.json()) as Record<string, unknown>);
  }

  async state(service: string): Promise<unknown> {
    return (await this.record(service))?.["state"];
  }

  conflictStatus(service: string): string | undefined {
    return this.api.statusInCatalog(`_port_conflict:${service}`);
  }
}

describe("a service that starts", () => {
  test("reads a new port if its stored port belongs to another service, and has no conflict at the new port", async () => {
    const asker = await startApi();
    await asker.register("a", 100);
    await asker.store("b", 100);
    expect(await asker.state("b")).toBe("conflict");
    expect(await asker.readPort("b")).toBe(28_000);
    expect(await asker.record("b")).toMatchObject({
      ...{ revision: 2, service: "b", host: "localhost", oldPort: 100, newPort: 28_000, owner: "a", state: "pending" },
      reason: "Port 100 of localhost belongs to a.",
    });
    expect(await asker.register("b", 28_000)).toEqual({ status: 200, header: null, text: "" });
    expect(await asker.record("b")).toMatchObject({ state: "active", revision: 3 });
    expect(asker.conflictStatus("b")).toBeUndefined();
  });

  test("reads the same new port at its next start, even if it has stored its old port again", async () => {
    const asker = await startApi();
    await asker.register("a", 100);
    await asker.store("b", 100);
    await asker.readPort("b");
    await asker.register("b", 28_000);
    await asker.deregister("b");
    expect(await asker.state("b")).toBe("released");
    await asker.store("c", 100);
    expect(await asker.readPort("c")).toBe(28_001);
    expect(await asker.readPort("b")).toBe(28_000);
    // The service has stored the configuration of its file again, which has the old port.
    await asker.store("b", 100);
    expect(await asker.readPort("b")).toBe(28_000);
    await asker.register("b", 28_000);
    expect(await asker.state("b")).toBe("active");
  });

  test("reads a new port when another program listens at its stored port", async () => {
    const asker = await startApi({ probe: ({ port }) => Promise.resolve(port === 100 || port === 28_000) });
    await asker.store("b", 100);
    expect(await asker.readPort("b")).toBe(28_001);
    expect(await asker.record("b")).toMatchObject({ owner: "another program", state: "pending" });
    await asker.store("c", 100, "its-own-container");
    expect(await asker.readPort("c")).toBe(100);
  });

  test("reads its stored port unchanged while it is registered with that port, even if a program listens there", async () => {
    const asker = await startApi({ probe: () => Promise.resolve(true) });
    await asker.store("b", 100);
    await asker.register("b", 100, { Check: { TTL: "1h" } });
    expect(await asker.readPort("b")).toBe(100);
    expect(await asker.record("b")).toBeUndefined();
  });

  test("reads its stored port unchanged, although another service has it, while it is healthy at another port", async () => {
    const asker = await startApi();
    await asker.register("b", 101);
    await asker.register("a", 100);
    await asker.store("b", 100);
    expect(await asker.readPort("b")).toBe(100);
  });

  test("is recognized by a recursive read of its configuration, even without a final slash or after an equal read", async () => {
    const asker = await startApi();
    await asker.store("b", 100);
    const path = "/v1/kv/edgex/core/1.0/b?recurse=true";
    expect(await (await asker.api.ask(path)).text()).toContain(btoa("100"));
    await asker.register("a", 100);
    expect(await (await asker.api.ask(path)).text()).toContain(btoa("28000"));
  });

  test("is not recognized by a blocking query or by a read of other paths", async () => {
    const asker = await startApi();
    await asker.register("a", 100);
    await asker.store("b", 100);
    await asker.api.ask("/v1/kv/edgex/core/1.0/b/Service/Port?raw");
    await asker.api.ask("/v1/kv/edgex/core/1.0/b/?keys");
    await asker.api.ask("/v1/kv/edgex/?recurse");
    expect(await asker.readPort("b", "&index=1")).toBe(100);
    expect(await asker.state("b")).toBe("conflict");
  });

  test.each(["off", "warn", "reject"] as const)(
    "reads its stored port unchanged if the port policy is %s",
    async (policy) => {
      const asker = await startApi({ portRules: { policy } });
      await asker.store("b", 100);
      await asker.register("a", 100);
      expect(await asker.readPort("b")).toBe(100);
    },
  );
});

describe("a service that registers the port of another service", () => {
  test("is answered with a new port, is critical until it registers that port, and gets the same port again", async () => {
    const asker = await startApi();
    await asker.register("a", 100);
    await asker.store("b", 101);
    const told = await asker.register("b", 100, { Check: { TTL: "1h", Status: "passing" } });
    const record = await asker.record("b");
    expect(told).toEqual({
      ...{ status: 200, header: "100->28000" },
      text: JSON.stringify({ PortChanged: { ID: record?.["id"], Revision: 1, Old: 100, New: 28_000 } }),
    });
    expect(asker.conflictStatus("b")).toBe("critical");
    expect(await (await asker.api.ask("/v1/health/checks/b?filter=Type+!=+ttl")).json()).toMatchObject([
      { Name: "Port Conflict", Notes: "Port 100 of localhost belongs to a.", Status: "critical" },
    ]);
    expect(await (await asker.api.ask("/v1/health/service/b?passing")).json()).toEqual([]);
    expect(await asker.register("b", 100)).toMatchObject({ status: 200, header: "100->28000" });
    expect(await asker.readPort("b")).toBe(28_000);
    await asker.register("b", 28_000);
    expect(asker.conflictStatus("b")).toBeUndefined();
    expect(await asker.record("b")).toMatchObject({ state: "active", revision: 2, id: record?.["id"] });
  });

  test("is refused with 409 if the policy is reject, and is not registered", async () => {
    const asker = await startApi({ portRules: { policies: new Map([["b", "reject"]]) } });
    await asker.register("a", 100);
    expect(await asker.register("b", 100)).toMatchObject({ status: 409, text: "Port 100 of localhost belongs to a." });
    expect(asker.api.servicesInCatalog()).toEqual(["a"]);
    expect(await asker.state("b")).toBe("conflict");
    expect(await asker.register("a", 100)).toMatchObject({ status: 200, header: null });
  });

  test("is registered by default, with a record of the conflict and without a new port", async () => {
    const asker = await startApi({ portRules: {} });
    await asker.register("a", 100);
    expect(await asker.register("b", 100)).toEqual({ status: 200, header: null, text: "" });
    expect(await asker.record("b")).toMatchObject({ state: "conflict", newPort: 0, owner: "a", revision: 1 });
    await asker.register("b", 100);
    await asker.register("a", 100);
    expect(await asker.record("b")).toMatchObject({ state: "conflict", revision: 1 });
    expect(await asker.record("a")).toBeUndefined();
    expect(asker.conflictStatus("b")).toBeUndefined();
    await asker.register("b", 102);
    expect(await asker.state("b")).toBe("released");
  });

  test("is registered without a port record if the policy is off", async () => {
    const asker = await startApi({ portRules: { policy: "off" } });
    await asker.register("a", 100);
    expect(await asker.register("b", 100)).toEqual({ status: 200, header: null, text: "" });
    expect(await asker.record("b")).toBeUndefined();
  });

  test("is critical, gets no third port and has a record in state pinned, if it has read a new port before", async () => {
    const asker = await startApi();
    await asker.register("a", 100);
    await asker.store("b", 100);
    await asker.readPort("b");
    expect(await asker.register("b", 100)).toEqual({ status: 200, header: null, text: "" });
    expect(await asker.record("b")).toMatchObject({ state: "pinned", newPort: 28_000, revision: 3 });
    expect(asker.conflictStatus("b")).toBe("critical");
    await asker.readPort("b");
    await asker.register("b", 100);
    expect(await asker.record("b")).toMatchObject({ state: "pinned", revision: 3 });
    await asker.deregister("a");
    await asker.register("b", 100);
    expect(asker.conflictStatus("b")).toBeUndefined();
    expect(await asker.state("b")).toBe("pinned");
  });

  test("gets that port once the other service is deregistered", async () => {
    const asker = await startApi();
    await asker.register("a", 100);
    await asker.register("b", 100);
    await asker.deregister("a");
    expect(await asker.register("b", 100)).toMatchObject({ header: null });
    expect(await asker.state("b")).toBe("released");
    expect(asker.conflictStatus("b")).toBeUndefined();
  });

  test("is critical while no port is free, and gets a new port at its next registration once one is free", async () => {
    const asker = await startApi({ portRules: { policy: "reassign", range: { first: 28_000, last: 28_000 } } });
    await asker.register("a", 100);
    await asker.register("x", 28_000);
    expect(await asker.register("b", 100)).toEqual({ status: 200, header: null, text: "" });
    expect(await asker.record("b")).toMatchObject({
      ...{ state: "exhausted", newPort: 0 },
      reason: "Port 100 of localhost belongs to a. No port of 28000-28000 is free.",
    });
    expect(asker.conflictStatus("b")).toBe("critical");
    await asker.register("b", 100);
    expect(await asker.record("b")).toMatchObject({ revision: 1 });
    await asker.deregister("x");
    expect(await asker.register("b", 100)).toMatchObject({ header: "100->28000" });
  });

  test("at the same moment as others gets it if it is the first, and else gets a new port of its own", async () => {
    const asker = await startApi();
    const names = ["a", "b", "c", "d"];
    const told = await Promise.all(names.map((name) => asker.register(name, 100)));
    expect(told.map(({ header }) => header)).toEqual([null, "100->28000", "100->28001", "100->28002"]);
  });
});

test("local rows submitted with a registration are in the registration's batch, whatever the port policy decides", async () => {
  const { api } = await startApi();
  const along = { rows: [{ key: "keeper/b", value: new Uint8Array() }] };
  for (const [name, port] of [
    ["a", 100],
    ["b", 100],
    ["b", 28_000],
    ["c", 101],
  ] as const)
    await api.ports.register(
      { service: serviceNamed(name, { port, address: "localhost" }), checks: [] },
      { source: "api", beforeListening: false, along },
    );
  const batches = api.engine.batches.map(({ changes }) => changes.map(({ key }) => key));
  const registered = batches.filter((keys) => keys.some((key) => key.startsWith("service/")));
  expect(registered.map((keys) => keys.includes("keeper/b"))).toEqual([true, true, true, true]);
});

test("a port whose assignment became durable after its request had timed out is not assigned to another service", async () => {
  const probed = Promise.withResolvers<boolean>();
  let isSlow = false;
  const asker = await startApi({
    probe: ({ port }) => (isSlow && port === 28_000 ? probed.promise : Promise.resolve(false)),
  });
  const { clock, engine } = asker.api;
  await asker.register("a", 100);
  for (const service of ["b", "c"]) await asker.store(service, 100);
  await settle();
  engine.hold();
  const reading = ["b", "c"].map((service) => asker.readPort(service));
  await settle();
  isSlow = true;
  await clock.advance(10_100);
  engine.release();
  await settle();
  probed.resolve(false);
  await Promise.all(reading);
  const ports = [await asker.record("b"), await asker.record("c")].map((record) => record?.["newPort"]);
  expect(ports).toEqual([28_000, 28_001]);
});

test("a port reserved for a deregistered service is assigned to another service when no other port is free", async () => {
  const asker = await startApi({ portRules: { policy: "reassign", range: { first: 28_000, last: 28_000 } } });
  await asker.register("a", 100);
  await asker.store("b", 100);
  expect(await asker.readPort("b")).toBe(28_000);
  await asker.register("b", 28_000);
  await asker.store("c", 100);
  expect(await asker.readPort("c")).toBe(100);
  expect(await asker.state("c")).toBe("exhausted");
  await asker.deregister("b");
  expect(await asker.state("b")).toBe("released");
  expect(await asker.readPort("c")).toBe(28_000);
});

describe("a port that is in use when a service registers it", () => {
  const probe = () => Promise.resolve(true);

  test("is no conflict if services of this kind listen before they register", async () => {
    const asker = await startApi({ probe });
    await asker.store("b", 100);
    await asker.register("b", 100, { Check: { TTL: "1h" } });
    await asker.put("/v1/agent/service/register", { Name: "c", Port: 101 });
    await asker.register("vault", 8200);
    expect(await (await asker.api.ask("/v1/praetor/ports")).json()).toEqual([]);
  });

  test("is a conflict for EdgeX's Go services, which register before they listen", async () => {
    const asker = await startApi({ probe: ({ port }) => Promise.resolve(port === 100) });
    await asker.store("b", 100);
    expect(await asker.register("b", 100)).toMatchObject({ header: "100->28000" });
    expect(asker.conflictStatus("b")).toBe("critical");
  });
});

describe("a port record", () => {
  test("of a service without a new port is deleted with the service", async () => {
    const asker = await startApi({ portRules: {} });
    await asker.register("a", 100);
    await asker.register("b", 100);
    expect(await asker.state("b")).toBe("conflict");
    await asker.deregister("b");
    expect(await asker.record("b")).toBeUndefined();
  });

  test("causes one event for each assigned port", async () => {
    const asker = await startApi();
    await asker.register("a", 100);
    await asker.register("b", 100);
    await asker.register("b", 100);
    await asker.register("b", 28_000);
    const events = (await (await asker.api.ask("/v1/event/list?name=edgex-port-changed")).json()) as {
      Payload: string;
    }[];
    expect(events.map(({ Payload }) => JSON.parse(atob(Payload)) as unknown)).toMatchObject([
      { service: "b", oldPort: 100, newPort: 28_000, state: "pending" },
    ]);
  });

  test("wakes the blocking queries for the list of port records when the record is written", async () => {
    const asker = await startApi();
    await asker.register("a", 100);
    const index = Number((await asker.api.ask("/v1/praetor/ports")).headers.get("X-Consul-Index"));
    const waiting = asker.api.ask(`/v1/praetor/ports?index=${index}`);
    await asker.register("b", 100);
    expect(await (await waiting).json()).toMatchObject([{ service: "b", state: "pending" }]);
  });

  test("makes its service critical only until the record is deleted", async () => {
    const asker = await startApi();
    await asker.register("a", 100);
    await asker.register("b", 100);
    await asker.api.ask("/v1/kv/edgex/registry/ports/b", { method: "DELETE" });
    await settle();
    expect(asker.conflictStatus("b")).toBeUndefined();
    expect(await asker.record("b")).toBeUndefined();
  });

  test("whose value cannot be decoded is ignored", async () => {
    const asker = await startApi();
    await asker.put("/v1/kv/edgex/registry/ports/b", "{");
    await asker.put("/v1/kv/edgex/registry/ports/c", '{"state":"gone"}');
    expect(await (await asker.api.ask("/v1/praetor/ports")).json()).toEqual([]);
  });

  test("of a conflict about a stored port gets the state released when the stored port changes", async () => {
    const asker = await startApi();
    await asker.register("a", 100);
    await asker.store("b", 100);
    expect(await asker.record("b")).toMatchObject({ state: "conflict", newPort: 0, owner: "a" });
    await asker.store("b", 101);
    expect(await asker.state("b")).toBe("released");
  });
});
