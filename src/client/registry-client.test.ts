import { describe, expect, test } from "bun:test";
import { type CannedRequest, startCannedAgent } from "../../test/support/canned-agent.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { systemClock } from "../lib/clock.ts";
import { HttpClient } from "./http.ts";
import { RegistryClient, type RegistryClientSettings } from "./registry-client.ts";

const coreData = {
  serviceKey: "edgex-core-data",
  serviceHost: "edgex-core-data",
  servicePort: 48080,
  checkRoute: "/api/v1/ping",
  checkInterval: "10s",
};

function clientOf(url: string, changes: Partial<RegistryClientSettings> = {}): RegistryClient {
  return new RegistryClient({ http: new HttpClient({ baseUrl: url, clock: systemClock }), ...coreData, ...changes });
}

function linesOf(requests: readonly CannedRequest[]): string[] {
  return requests.map(({ method, target }) => `${method} ${target}`);
}

const ok = (): Response => new Response(null);

describe("register", () => {
  test("registers the service, then a check that calls its ping route", async () => {
    using agent = startCannedAgent(ok);
    await clientOf(agent.url).register();
    expect(linesOf(agent.requests)).toEqual(["PUT /v1/agent/service/register", "PUT /v1/agent/check/register"]);
    expect(JSON.parse(agent.requests[0]?.body ?? "")).toEqual({
      Name: "edgex-core-data",
      Address: "edgex-core-data",
      Port: 48080,
    });
    expect(JSON.parse(agent.requests[1]?.body ?? "")).toEqual({
      Name: "Health Check: edgex-core-data",
      Notes: "Check the health of the API",
      ServiceID: "edgex-core-data",
      Interval: "10s",
      HTTP: "http://edgex-core-data:48080/api/v1/ping",
    });
  });

  test("deregisters the service if its check is refused, and rejects with the agent's reason", async () => {
    using agent = startCannedAgent(({ target }) =>
      target.startsWith("/v1/agent/check") ? new Response("Invalid check", { status: 400 }) : ok(),
    );
    expect((await rejectionOf(clientOf(agent.url).register())).message).toMatch(
      "Unexpected response code: 400 (Invalid check)",
    );
    expect(linesOf(agent.requests).at(-1)).toBe("PUT /v1/agent/service/deregister/edgex-core-data");
  });

  test.each([{ serviceHost: "" }, { servicePort: 0 }, { checkRoute: "" }, { checkInterval: "" }])(
    "sends no request if the setting %j makes the registration incomplete",
    async (changes) => {
      using agent = startCannedAgent(ok);
      expect((await rejectionOf(clientOf(agent.url, changes).register())).message).toMatch(
        "Service information not set",
      );
      expect(agent.requests).toEqual([]);
    },
  );
});

describe("registerCheck", () => {
  test("adds to the service a check that requests the given route", async () => {
    using agent = startCannedAgent(ok);
    const client = clientOf(agent.url, { serviceProtocol: "https", serviceHost: "::1" });
    await client.registerCheck({ id: "r", name: "ready", notes: "n", route: "/ready", interval: "5s", timeout: "1s" });
    expect(linesOf(agent.requests)).toEqual(["PUT /v1/agent/check/register"]);
    expect(JSON.parse(agent.requests[0]?.body ?? "")).toEqual({
      ID: "r",
      Name: "ready",
      Notes: "n",
      ServiceID: "edgex-core-data",
      Interval: "5s",
      Timeout: "1s",
      HTTP: "https://[::1]:48080/ready",
    });
  });

  test("adds a check that unregister deletes with the service, by the check's ID or else its name", async () => {
    using agent = startCannedAgent(ok);
    const client = clientOf(agent.url);
    await client.registerCheck({ id: "r", name: "ready", route: "/r", interval: "5s" });
    await client.registerCheck({ name: "live", route: "/l", interval: "5s" });
    await client.unregister();
    expect(linesOf(agent.requests).slice(-2)).toEqual([
      "PUT /v1/agent/check/deregister/r",
      "PUT /v1/agent/check/deregister/live",
    ]);
  });

  test("does not keep a refused check, so that unregister does not deregister it", async () => {
    using agent = startCannedAgent(({ target }) =>
      target === "/v1/agent/check/register" ? new Response("no", { status: 400 }) : ok(),
    );
    const client = clientOf(agent.url);
    await rejectionOf(client.registerCheck({ name: "ready", route: "/r", interval: "often" }));
    await client.unregister();
    expect(linesOf(agent.requests)).not.toContain("PUT /v1/agent/check/deregister/ready");
  });
});

test("the errors of the registry client have the text of EdgeX's Go client", async () => {
  using agent = startCannedAgent(({ target }) =>
    target === "/v1/agent/services" ? Response.json({ x: {} }) : new Response("disk full", { status: 500 }),
  );
  const message = async (call: Promise<unknown>): Promise<string> => (await rejectionOf(call)).message;
  expect(await message(clientOf(agent.url).unregister())).toBe(
    "unable to de-register service with consul: Unexpected response code: 500 (disk full)",
  );
  using checks = startCannedAgent(({ target }) =>
    target.includes("/check/") ? new Response(null, { status: 500 }) : ok(),
  );
  expect(await message(clientOf(checks.url).unregister())).toBe(
    "unable to de-register service health check with consul: Unexpected response code: 500",
  );
  const gone = startCannedAgent(ok);
  gone[Symbol.dispose]();
  expect(await message(clientOf(gone.url).isServiceAvailable("a"))).toBe(
    `unable to check if service a is available: cannot reach ${gone.url}: connection refused`,
  );
});

test("unregister deregisters the service, and its check by the check's ID", async () => {
  using agent = startCannedAgent(ok);
  await clientOf(agent.url).unregister();
  expect(linesOf(agent.requests)).toEqual([
    "PUT /v1/agent/service/deregister/edgex-core-data",
    "PUT /v1/agent/check/deregister/Health%20Check%3A%20edgex-core-data",
  ]);
});

describe("isAlive", () => {
  test("is true for status 200 of /v1/status/leader, whatever the body", async () => {
    using agent = startCannedAgent(() => new Response('""'));
    expect(await clientOf(agent.url).isAlive()).toBe(true);
    using failing = startCannedAgent(() => new Response(null, { status: 500 }));
    expect(await clientOf(failing.url).isAlive()).toBe(false);
  });

  test("is false, without an error, if no agent listens", async () => {
    expect(await clientOf("http://127.0.0.1:1").isAlive()).toBe(false);
  });
});

describe("the registry client", () => {
  const services = {
    "edgex-core-metadata": { ID: "edgex-core-metadata", Service: "x", Address: "10.0.0.7", Port: 48081, Tags: [] },
  };
  const answering =
    (...checks: { CheckID?: string; Status: string }[]) =>
    ({ target }: CannedRequest): Response =>
      Response.json(target === "/v1/agent/services" ? services : checks.map((check) => ({ CheckID: "c", ...check })));

  test("finds an endpoint by the service's ID", async () => {
    using agent = startCannedAgent(answering());
    const client = clientOf(agent.url);
    const expected = { serviceId: "edgex-core-metadata", host: "10.0.0.7", port: 48081 };
    expect(await client.getServiceEndpoint("edgex-core-metadata")).toEqual(expected);
    expect((await rejectionOf(client.getServiceEndpoint("x"))).message).toMatch("no matching service endpoint found");
  });

  test("lists all endpoints", async () => {
    using agent = startCannedAgent(answering());
    expect(await clientOf(agent.url).getAllServiceEndpoints()).toEqual([
      { serviceId: "edgex-core-metadata", host: "10.0.0.7", port: 48081 },
    ]);
  });

  test("renews a token that the agent refuses at the second of the two requests of one call", async () => {
    let valid = "old";
    using agent = startCannedAgent((request) => {
      if (request.headers.get("X-Consul-Token") !== valid) return new Response(null, { status: 403 });
      valid = "new";
      return answering({ Status: "passing" })(request);
    });
    const http = new HttpClient({
      baseUrl: agent.url,
      clock: systemClock,
      token: "old",
      fetchToken: async () => "new",
    });
    await clientOf(agent.url, { http }).isServiceAvailable("edgex-core-metadata");
    expect(linesOf(agent.requests)).toEqual([
      "GET /v1/agent/services",
      "GET /v1/health/checks/edgex-core-metadata",
      "GET /v1/health/checks/edgex-core-metadata",
    ]);
  });

  test("reports a service as available when all its checks pass", async () => {
    using agent = startCannedAgent(answering({ Status: "passing" }, { Status: "passing" }));
    await clientOf(agent.url).isServiceAvailable("edgex-core-metadata");
    expect(linesOf(agent.requests)).toEqual(["GET /v1/agent/services", "GET /v1/health/checks/edgex-core-metadata"]);
  });

  test.each([
    [["passing", "critical"], " edgex-core-metadata service not healthy..."],
    [["warning"], " edgex-core-metadata service not healthy..."],
    [["unheard-of"], " edgex-core-metadata service not healthy..."],
    [[], "no health checks for service edgex-core-metadata: <nil>"],
  ])("reports a service with the checks %j as unavailable, with Geneva's error text", async (statuses, message) => {
    using agent = startCannedAgent(answering(...statuses.map((Status) => ({ Status }))));
    expect((await rejectionOf(clientOf(agent.url).isServiceAvailable("edgex-core-metadata"))).message).toMatch(message);
  });

  test("has different errors for health that cannot be read and for bad health", async () => {
    using agent = startCannedAgent((request) =>
      request.target === "/v1/agent/services" ? answering()(request) : new Response("no", { status: 500 }),
    );
    const asking = clientOf(agent.url).isServiceAvailable("edgex-core-metadata");
    expect((await rejectionOf(asking)).message).toBe(
      "unable to check health of service edgex-core-metadata: Unexpected response code: 500 (no)",
    );
  });

  test("has different errors for an unregistered service and for an unhealthy one", async () => {
    using agent = startCannedAgent(answering());
    const asking = clientOf(agent.url).isServiceAvailable("edgex-core-command");
    expect((await rejectionOf(asking)).message).toMatch(
      "edgex-core-command service is not registered. Might not have started... ",
    );
  });
});
