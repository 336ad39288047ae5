import { describe, expect, onTestFinished, test } from "bun:test";
import { differs, put, sharedTarget, unique } from "../../support/conformance.ts";
import { EdgexClient } from "../../support/edgex-clients.ts";
import { within } from "../../support/within.ts";

await sharedTarget();

const nothing = { status: 200, text: "" };

/** Returns the bodies of the requests that go-mod-registry's Register sends: the service, then its check. */
function registration(key: string, port = 48080): { readonly service: string; readonly check: string } {
  const url = `http://127.0.0.1:${port}/api/v1/ping`;
  return {
    service: `{"Name":"${key}","Port":${port},"Address":"127.0.0.1","Check":null,"Checks":null}`,
    check: `{"Name":"Health Check: ${key}","Notes":"Check the health of the API","ServiceID":"${key}","Interval":"1s","HTTP":"${url}"}`,
  };
}

async function register(client: EdgexClient, key: string, port?: number): Promise<void> {
  const { service, check } = registration(key, port);
  onTestFinished(async () => void (await put(`/v1/agent/service/deregister/${key}`)));
  expect(await client.go("PUT", "/v1/agent/service/register", service)).toMatchObject(nothing);
  expect(await client.go("PUT", "/v1/agent/check/register", check)).toMatchObject(nothing);
}

interface SeenCheck {
  readonly CheckID: string;
  readonly Status: string;
  readonly Output: string;
}

async function checksOf(client: EdgexClient, key: string): Promise<readonly SeenCheck[]> {
  return JSON.parse((await client.go("GET", `/v1/health/checks/${key}`)).text) as SeenCheck[];
}

/** How long a test waits for a status, in milliseconds. The checks of a registration run each second. */
const soonMs = 4_500;

function statusBecomes(client: EdgexClient, key: string, Status: string): Promise<unknown> {
  return within(soonMs, async () => expect(await checksOf(client, key)).toMatchObject([{ Status }]));
}

function becomes(isSo: () => boolean): Promise<unknown> {
  return within(soonMs, async () => expect(isSo()).toBe(true));
}

test("go-mod-registry's IsAlive gets status 200 from /v1/status/leader", async () => {
  await using client = await EdgexClient.open();
  expect((await client.go("GET", "/v1/status/leader")).status).toBe(200);
});

describe("go-mod-registry's Register", () => {
  test("gets empty bodies, and the check starts critical, without output, and with its name as its ID", async () => {
    await using client = await EdgexClient.open();
    const key = unique("edgex-core-data");
    // The interval is long enough for the test to read the check before the first run.
    const { service, check } = registration(key);
    onTestFinished(async () => void (await put(`/v1/agent/service/deregister/${key}`)));
    expect(await client.go("PUT", "/v1/agent/service/register", service)).toMatchObject(nothing);
    const patient = check.replace('"Interval":"1s"', '"Interval":"1000h"');
    expect(await client.go("PUT", "/v1/agent/check/register", patient)).toMatchObject(nothing);
    expect(await checksOf(client, key)).toMatchObject([
      { CheckID: `Health Check: ${key}`, Status: "critical", Output: "" },
    ]);
  });

  test("keeps the check's status when it is repeated with the same data", async () => {
    await using client = await EdgexClient.open();
    const key = unique("edgex-core-data");
    using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("pong") });
    await register(client, key, server.port);
    await statusBecomes(client, key, "passing");
    await register(client, key, server.port);
    expect(await checksOf(client, key)).toMatchObject([{ Status: "passing" }]);
  });

  test("with another port moves the check to that port", async () => {
    await using client = await EdgexClient.open();
    const key = unique("edgex-core-data");
    const asked = { before: 0, after: 0 };
    using before = countingServer(() => (asked.before += 1));
    using after = countingServer(() => (asked.after += 1));
    await register(client, key, before.port);
    await statusBecomes(client, key, "passing");
    await register(client, key, after.port);
    const { before: seen } = asked;
    await becomes(() => asked.after >= 2);
    expect(asked.before).toBe(seen);
    expect(JSON.parse((await client.go("GET", "/v1/agent/services")).text)).toMatchObject({
      [key]: { Port: after.port },
    });
  });

  test("adds the service without a check when the check is refused", async () => {
    await using client = await EdgexClient.open();
    const key = unique("edgex-core-data");
    const { service, check } = registration(key);
    onTestFinished(async () => void (await put(`/v1/agent/service/deregister/${key}`)));
    await client.go("PUT", "/v1/agent/service/register", service);
    const refused = await client.go("PUT", "/v1/agent/check/register", check.replace('"Interval":"1s",', ""));
    expect(refused.status).toBe(400);
    expect(JSON.parse((await client.go("GET", "/v1/agent/services")).text)).toHaveProperty([key]);
    expect(await checksOf(client, key)).toEqual([]);
  });
});

describe("go-mod-registry's Unregister", () => {
  test("gets an empty body, also for a check ID that was never registered", async () => {
    await using client = await EdgexClient.open();
    const key = unique("edgex-core-data");
    await register(client, key);
    expect(await client.go("PUT", `/v1/agent/service/deregister/${key}`)).toMatchObject(nothing);
    expect(await client.go("PUT", `/v1/agent/check/deregister/${key}`)).toMatchObject(nothing);
    expect(await checksOf(client, key)).toEqual([]);
    expect(await client.go("PUT", `/v1/agent/service/deregister/${key}`)).toMatchObject(nothing);
  });

  test("stops the runs of the check", async () => {
    await using client = await EdgexClient.open();
    const key = unique("edgex-core-data");
    const asked = { gone: 0, other: 0 };
    using gone = countingServer(() => (asked.gone += 1));
    using other = countingServer(() => (asked.other += 1));
    await register(client, key, gone.port);
    await statusBecomes(client, key, "passing");
    await client.go("PUT", `/v1/agent/service/deregister/${key}`);
    const seen = asked.gone;
    await register(client, unique("edgex-other"), other.port);
    await becomes(() => asked.other >= 2);
    expect(asked.gone).toBe(seen);
  });
});

describe("go-mod-registry's GetServiceEndpoint", () => {
  test("finds address and port by the service's ID in the list of all services, which endpoint monitors read every 15 seconds", async () => {
    await using client = await EdgexClient.open();
    const key = unique("edgex-core-metadata");
    await register(client, key, 48081);
    const services = JSON.parse((await client.go("GET", "/v1/agent/services")).text) as Record<string, object>;
    expect(services[key]).toEqual({
      ...{ ID: key, Service: key, Tags: [], Meta: {}, Port: 48081, Address: "127.0.0.1" },
      TaggedAddresses: {
        lan_ipv4: { Address: "127.0.0.1", Port: 48081 },
        wan_ipv4: { Address: "127.0.0.1", Port: 48081 },
      },
      ...{ Weights: { Passing: 1, Warning: 1 }, EnableTagOverride: false },
    });
    expect(services).not.toHaveProperty(["nobody"]);
  });

  test("returns a changed port on the next read", async () => {
    await using client = await EdgexClient.open();
    const key = unique("edgex-core-metadata");
    for (const port of [48081, 58081]) {
      await register(client, key, port);
      expect(JSON.parse((await client.go("GET", "/v1/agent/services")).text)).toMatchObject({ [key]: { Port: port } });
    }
  });
});

describe("go-mod-registry's IsServiceAvailable", () => {
  test("reads the ID and status of each check of the service's name", async () => {
    await using client = await EdgexClient.open();
    const key = unique("edgex-core-data");
    using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("pong") });
    await register(client, key, server.port);
    await statusBecomes(client, key, "passing");
    const [check] = await checksOf(client, key);
    expect(check?.Output).toBe(`HTTP GET http://127.0.0.1:${server.port}/api/v1/ping: 200 OK Output: pong`);
  });

  test("gets an empty list for an unknown name", async () => {
    await using client = await EdgexClient.open();
    expect(await client.go("GET", `/v1/health/checks/${unique("nobody")}`)).toMatchObject({ status: 200, text: "[]" });
  });

  test("gets a critical check with Go's error text when the service has stopped", async () => {
    await using client = await EdgexClient.open();
    const key = unique("edgex-core-data");
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("pong") });
    const { port } = server;
    await register(client, key, port);
    await statusBecomes(client, key, "passing");
    await server.stop(true);
    await statusBecomes(client, key, "critical");
    const url = `http://127.0.0.1:${port}/api/v1/ping`;
    // The first critical result may be that of a request which the service has broken off.
    await within(10_000, async () => {
      const [check] = await checksOf(client, key);
      expect(check?.Output).toBe(`Get "${url}": dial tcp 127.0.0.1:${port}: connect: connection refused`);
    });
  });
});

test("the health check of an EdgeX service is requested with Consul's headers in their exact letter case", async () => {
  await using client = await EdgexClient.open();
  const head = Promise.withResolvers<string>();
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket, octets) {
        head.resolve(octets.toString());
        socket.end("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\npong");
      },
    },
  });
  onTestFinished(() => server.stop(true));
  await register(client, unique("edgex-core-data"), server.port);
  const [first, ...lines] = (await head.promise).trimEnd().split("\r\n");
  expect(first).toBe("GET /api/v1/ping HTTP/1.1");
  const reason = "asks for no compressed answer: what a service says of its health is short";
  expect(lines.toSorted()).toEqual([
    ...(differs("praetor", reason) ? [] : ["Accept-Encoding: gzip"]),
    "Accept: text/plain, text/*, */*",
    "Connection: close",
    `Host: 127.0.0.1:${server.port}`,
    "User-Agent: Consul Health Check",
  ]);
});

function countingServer(count: () => void): Bun.Server<undefined> {
  return Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch() {
      count();
      return new Response("pong");
    },
  });
}
