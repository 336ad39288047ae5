import { describe, expect, onTestFinished, test } from "bun:test";
import { expectRefusal, register, registrationBody, sharedKeeper, shownRegistration } from "../../support/keeper.ts";
import { within } from "../../support/within.ts";

const keeper = await sharedKeeper();
const { ask } = keeper;

/** Starts a service that answers every request with one status until the test ends. */
function startService(status: number): number {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("text", { status }) });
  onTestFinished(() => server.stop(true));
  return server.port ?? 0;
}

async function all(parameters = ""): Promise<{ totalCount: number; ids: string[] }> {
  const answer = await ask(`GET /registry/all${parameters}`);
  expect(answer.status).toBe(200);
  const { totalCount, registrations } = answer.json as { totalCount: number; registrations: { serviceId: string }[] };
  return { totalCount, ids: registrations.map(({ serviceId }) => serviceId) };
}

describe("a registration in core-keeper's API", () => {
  test("has core-keeper's field names in core-keeper's order, and is UNKNOWN until its first check", async () => {
    const startMs = Date.now();
    await register(keeper, { serviceId: "core-data", port: 59880, created: 7, modified: 7 });
    const answer = await ask("GET /registry/serviceId/core-data");
    const { registration } = answer.json as { registration: { created: number; modified: number } };
    const { created, modified } = registration;
    expect(created).toBeWithin(startMs, Date.now() + 1);
    expect(modified).toBe(created);
    expect(answer.text).toBe(
      `{"apiVersion":"v3","statusCode":200,"registration":{"created":${created},"modified":${modified},` +
        '"serviceId":"core-data","status":"UNKNOWN","host":"127.0.0.1","port":59880,' +
        '"HealthCheck":{"interval":"1h","path":"/api/v3/ping","type":"http"}}}',
    );
  });

  test("accepts field names in upper and lower case, and a body as core-keeper returns it", async () => {
    await register(keeper, { serviceId: "letters" });
    const shown = (await shownRegistration(keeper, "letters")) as Record<string, unknown>;
    const body = { APIVERSION: "v3", Registration: { ...shown, port: 10 } };
    expect((await ask("PUT /registry", body)).status).toBe(204);
    expect(await shownRegistration(keeper, "letters")).toMatchObject({ port: 10, HealthCheck: { interval: "1h" } });
  });

  test.each([
    ["UP", "UP"],
    ["DOWN", "DOWN"],
    ["UNKNOWN", "UNKNOWN"],
    ["", "UNKNOWN"],
    ["up", "UNKNOWN"],
    ["healthy", "UNKNOWN"],
  ])("with the status %p is %s until its first check", async (status, shown) => {
    await register(keeper, { serviceId: "given", status });
    expect(await shownRegistration(keeper, "given")).toMatchObject({ status: shown });
  });

  test.each(["1d", "1d12h", "0.5d", "1h1d", "100ms", "10s"])("accepts the check interval %s", async (interval) => {
    await register(keeper, { serviceId: "interval" }, { interval });
    expect(await shownRegistration(keeper, "interval")).toMatchObject({ HealthCheck: { interval } });
  });

  test("is refused a second time, and the second request changes nothing", async () => {
    await register(keeper, { serviceId: "twice", port: 1 });
    const again = await ask("POST /registry", registrationBody({ serviceId: "twice", port: 2 }));
    expectRefusal(again, 409, "registry with service id 'twice' already exists");
    expect(await shownRegistration(keeper, "twice")).toMatchObject({ port: 1 });
  });

  test("of one service by several clients at once succeeds for exactly one of them", async () => {
    onTestFinished(async () => void (await ask("DELETE /registry/serviceId/crowd")));
    const post = (): Promise<number> =>
      ask("POST /registry", registrationBody({ serviceId: "crowd" })).then(({ status }) => status);
    expect((await Promise.all([post(), post(), post()])).toSorted((a, b) => a - b)).toEqual([201, 409, 409]);
  });

  test("is refused for the id consul, the server's service", async () => {
    const answer = await ask("POST /registry", registrationBody({ serviceId: "consul" }));
    expectRefusal(answer, 409, "registry with service id 'consul' already exists");
    const message = "service id 'consul' not found from registry table";
    expectRefusal(await ask("PUT /registry", registrationBody({ serviceId: "consul" })), 404, message);
    expectRefusal(await ask("DELETE /registry/serviceId/consul"), 404, message);
    expect((await all()).ids).not.toContain("consul");
  });
});

describe("a PUT of a registration in core-keeper's API", () => {
  test("returns no body, keeps the creation time, and sets the given status", async () => {
    await register(keeper, { serviceId: "changed", status: "UP" });
    const before = (await shownRegistration(keeper, "changed")) as { created: number };
    const answer = await ask("PUT /registry", registrationBody({ serviceId: "changed", host: "localhost", port: 8 }));
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 204, text: "" });
    expect(await shownRegistration(keeper, "changed")).toMatchObject({
      ...{ created: before.created, status: "UNKNOWN", host: "localhost", port: 8 },
    });
  });

  test("is refused for a missing service", async () => {
    const answer = await ask("PUT /registry", registrationBody({ serviceId: "nobody" }));
    expectRefusal(answer, 404, "service id 'nobody' not found from registry table");
  });
});

const at = "AddRegistrationRequest.Registration";
const intervalFault =
  `${at}.HealthCheck.Interval field should follows the ISO 8601 Durations format, ` +
  "e.g.,100ms, 24h, or be greater than or equal to the minimum value  ";

describe.each(["POST", "PUT"])("%s /registry", (method) => {
  test.each([
    [{ serviceId: "" }, {}, `${at}.ServiceId field is required`],
    [{ host: "" }, {}, `${at}.Host field is required`],
    [{ port: 0 }, {}, `${at}.Port field is required`],
    [{}, { interval: "" }, `${at}.HealthCheck.Interval field is required`],
    [{}, { interval: "10" }, intervalFault],
    [{}, { interval: "soon" }, intervalFault],
    [{}, { interval: "0s" }, intervalFault],
    [{}, { interval: "-1d" }, intervalFault],
    [{}, { interval: "1e9d" }, intervalFault],
    [{}, { interval: "999999999d" }, intervalFault],
    [{}, { path: "" }, `${at}.HealthCheck.Path field is required`],
    [{}, { type: "" }, `${at}.HealthCheck.Type field is required`],
    [{ host: "0.0.0.0" }, {}, "Invalid service address"],
    [{ port: "80" }, {}, "Failed to unmarshal request body as JSON."],
    [{ port: 1.5 }, {}, "Failed to unmarshal request body as JSON."],
    [{ status: 1 }, {}, "Failed to unmarshal request body as JSON."],
    [{}, { interval: 10 }, "Failed to unmarshal request body as JSON."],
  ])("refuses the fields %j with the check %j", async (fields, check, message) => {
    // Registers the service, so that the PUT cannot fail because the service is missing.
    if (method === "PUT") await register(keeper, { serviceId: "wrong" });
    const answer = await ask(`${method} /registry`, registrationBody({ serviceId: "wrong", ...fields }, check));
    expectRefusal(answer, 400, message);
  });

  test.each([
    [{ apiVersion: "" }, "AddRegistrationRequest.BaseRequest.Versionable.ApiVersion field is required"],
    [
      { requestId: "7" },
      "AddRegistrationRequest.BaseRequest.RequestId field validation failed on the len=0|uuid tag with value ''",
    ],
  ])("refuses the base fields %j", async (base, message) => {
    const body = { ...registrationBody({ serviceId: "wrong" }), ...base };
    expectRefusal(await ask(`${method} /registry`, body), 400, message);
  });

  test.each([
    ["", "EOF"],
    ["{", "unexpected EOF"],
    ["nonsense", "invalid character 'o' in literal null (expecting 'u')"],
    ["[]", "Failed to unmarshal request body as JSON."],
  ])("refuses the body %p", async (body, message) => {
    expectRefusal(await ask(`${method} /registry`, body), 400, message);
  });

  test("refuses a body without any field, with an error that names every required field", async () => {
    const missing = ["ServiceId", "Host", "Port", "HealthCheck.Interval", "HealthCheck.Path", "HealthCheck.Type"];
    const message = [
      "AddRegistrationRequest.BaseRequest.Versionable.ApiVersion field is required",
      ...missing.map((name) => `${at}.${name} field is required`),
    ].join("; ");
    expectRefusal(await ask(`${method} /registry`, "{}"), 400, message);
  });
});

describe("the checks of a service registered over core-keeper's API", () => {
  test("make the service UP for every 2xx status, and set `modified` to the time of the last check", async () => {
    await register(keeper, { serviceId: "well", port: startService(204) }, { interval: "1s" });
    await within(5_000, async () => {
      expect(await shownRegistration(keeper, "well")).toMatchObject({ status: "UP" });
    });
    const { created, modified } = (await shownRegistration(keeper, "well")) as { created: number; modified: number };
    expect(modified).toBeGreaterThan(created);
  });

  test("make the service DOWN for any other status", async () => {
    await register(keeper, { serviceId: "ill", port: startService(500), status: "UP" }, { interval: "1s" });
    await register(keeper, { serviceId: "busy", port: startService(429), status: "UP" }, { interval: "1s" });
    await within(5_000, async () => {
      expect(await shownRegistration(keeper, "ill")).toMatchObject({ status: "DOWN" });
      expect(await shownRegistration(keeper, "busy")).toMatchObject({ status: "DOWN" });
    });
  });

  test("may connect by TCP instead of HTTP", async () => {
    const port = startService(500);
    await register(keeper, { serviceId: "connected", port }, { type: "tcp", interval: "1s" });
    await within(5_000, async () => {
      expect(await shownRegistration(keeper, "connected")).toMatchObject({
        status: "UP",
        HealthCheck: { type: "tcp", path: "/api/v3/ping" },
      });
    });
  });
});

describe("a service halted over core-keeper's API", () => {
  const halt = { serviceId: "halted", status: "HALT", port: 7 };

  test("stays registered, is listed only on request, and cannot be registered by a POST", async () => {
    await register(keeper, { serviceId: "halted", status: "UP" });
    expect((await ask("PUT /registry", registrationBody(halt))).status).toBe(204);
    expect(await shownRegistration(keeper, "halted")).toMatchObject({ status: "HALT", port: 7 });
    expect((await all()).ids).not.toContain("halted");
    expect((await all("?deregistered=false")).ids).not.toContain("halted");
    expect((await all("?deregistered=true")).ids).toContain("halted");
    const again = await ask("POST /registry", registrationBody({ serviceId: "halted" }));
    expectRefusal(again, 409, "registry with service id 'halted' already exists");
  });

  test("is registered again by a PUT with another status, and keeps its creation time", async () => {
    await register(keeper, { serviceId: "halted" });
    const { created } = (await shownRegistration(keeper, "halted")) as { created: number };
    await ask("PUT /registry", registrationBody(halt));
    expect((await ask("PUT /registry", registrationBody({ serviceId: "halted" }))).status).toBe(204);
    expect(await shownRegistration(keeper, "halted")).toMatchObject({ status: "UNKNOWN", created, port: 9 });
    expect((await all()).ids).toContain("halted");
  });

  test("is removed when a client deletes it", async () => {
    await register(keeper, { serviceId: "halted" });
    await ask("PUT /registry", registrationBody(halt));
    expect((await ask("DELETE /registry/serviceId/halted")).status).toBe(204);
    expectRefusal(await ask("GET /registry/serviceId/halted"), 404, "registration not found by serviceId");
  });
});

describe("core-keeper's list of registrations", () => {
  test("has its length in totalCount and is sorted by service id", async () => {
    await register(keeper, { serviceId: "list-b" });
    await register(keeper, { serviceId: "list-a" });
    const { totalCount, ids } = await all();
    expect(totalCount).toBe(ids.length);
    expect(ids.filter((id) => id.startsWith("list-"))).toEqual(["list-a", "list-b"]);
  });

  test("refuses a flag that is not a boolean", async () => {
    const reason = 'strconv.ParseBool: parsing "maybe": invalid syntax';
    const message = `failed to parse querystring deregistered into bool. Error:${reason}`;
    expectRefusal(await ask("GET /registry/all?deregistered=maybe"), 400, message);
  });
});

describe("one service in core-keeper's API", () => {
  test("that is missing is a 404 when a client reads or deletes it", async () => {
    expectRefusal(await ask("GET /registry/serviceId/nobody"), 404, "registration not found by serviceId");
    const message = "service id 'nobody' not found from registry table";
    expectRefusal(await ask("DELETE /registry/serviceId/nobody"), 404, message);
  });

  test("cannot be read or deleted without an id", async () => {
    for (const method of ["GET", "DELETE"])
      expectRefusal(await ask(`${method} /registry/serviceId/`), 400, "serviceId is empty");
  });

  test("may have any characters in its id", async () => {
    const serviceId = "a b/c%é";
    onTestFinished(async () => void (await ask(`DELETE /registry/serviceId/${encodeURIComponent(serviceId)}`)));
    await ask("POST /registry", registrationBody({ serviceId }));
    expect(await shownRegistration(keeper, encodeURIComponent(serviceId))).toMatchObject({ serviceId });
    const answer = await ask(`DELETE /registry/serviceId/${encodeURIComponent(serviceId)}`);
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 204, text: "" });
  });
});
