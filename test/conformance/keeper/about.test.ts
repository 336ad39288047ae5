import { afterAll, describe, expect, test } from "bun:test";
import { expectRefusal, sharedKeeper, startKeeperTarget } from "../../support/keeper.ts";

const keeper = await sharedKeeper();
const { ask } = keeper;
const restricted = await startKeeperTarget("-hcl", 'http_config { allow_write_http_from = ["192.0.2.0/24"] }');
afterAll(() => restricted.target.stop());

describe("core-keeper's API", () => {
  test("answers a ping with the time in Go's UnixDate format", async () => {
    const askedMs = Date.now();
    const { json, status } = await ask("GET /ping");
    expect(status).toBe(200);
    const { timestamp } = json as { timestamp: string };
    expect(json).toEqual({ apiVersion: "v3", timestamp, serviceName: "core-keeper" });
    expect(timestamp).toMatch(/^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d UTC \d{4}$/);
    // The format has whole seconds, so the time can be up to a second early.
    expect(Date.parse(timestamp)).toBeWithin(askedMs - 1_000, Date.now() + 1);
  });
});

test("the version at core-keeper's API has the form 4.x.y, which core-keeper's clients accept", async () => {
  const { json, status } = await ask("GET /version");
  expect(status).toBe(200);
  const { version } = json as { version: string };
  expect(json).toEqual({ apiVersion: "v3", version, serviceName: "core-keeper" });
  expect(version).toMatch(/^4\.\d+\.\d+$/);
});

test("the configuration at core-keeper's API has core-keeper's sections", async () => {
  const { json, status } = await ask("GET /config");
  expect(status).toBe(200);
  const { config } = json as { config: Record<string, object> };
  expect(json).toEqual({ apiVersion: "v3", config, serviceName: "core-keeper" });
  expect(Object.keys(config)).toEqual(["Writable", "MessageBus", "Clients", "Database", "Service"]);
  expect(config).toMatchObject({
    Writable: { LogLevel: "INFO" },
    MessageBus: { Disabled: true },
    Database: { Type: "sqlite" },
    Service: { Port: Number(new URL(keeper.url).port), MaxRequestSize: 1024 },
  });
});

describe("a secret sent to core-keeper's API", () => {
  const secret = {
    apiVersion: "v3",
    secretName: "mqtt-bus",
    secretData: [
      { key: "username", value: "gateway" },
      { key: "password", value: "s3cr3t-word" },
    ],
  };

  test("is accepted, and the answer repeats the request's id", async () => {
    const requestId = "9d2a1c2e-4b71-4a39-9b30-1c9d2a6f2a11";
    const answer = await ask("POST /secret", { ...secret, requestId });
    expect([answer.status, answer.json]).toEqual([201, { apiVersion: "v3", requestId, statusCode: 201 }]);
    const without = await ask("POST /secret", secret);
    expect([without.status, without.json]).toEqual([201, { apiVersion: "v3", statusCode: 201 }]);
  });

  test("is in no answer of core-keeper's API or Consul's API, and in no snapshot", async () => {
    await ask("POST /secret", secret);
    const asked = ["GET /kv/?recurse", "GET /agent/self", "GET /snapshot", "GET /agent/services"];
    const answers = await Promise.all([ask("GET /config"), ...asked.map((request) => keeper.consul(request))]);
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 200, 200, 200]);
    for (const { bytes } of answers) expect(plain(bytes)).not.toContain("s3cr3t-word");
  });

  const type = "SecretRequest";
  test.each([
    [{ apiVersion: "" }, `${type}.BaseRequest.Versionable.ApiVersion field is required`],
    [{ requestId: "x" }, `${type}.BaseRequest.RequestId field validation failed on the len=0|uuid tag with value ''`],
    [{ secretName: " " }, `${type}.SecretName field is required`],
    [{ secretData: [] }, `${type}.SecretData field is required`],
    [{ secretData: [{ key: "k" }] }, `${type}.SecretData[0].Value field is required`],
    [{ secretData: [{ value: "v" }] }, `${type}.SecretData[0].Key field is required`],
    [{ secretData: "text" }, "Failed to unmarshal request body as JSON."],
  ])("is refused with the fields %j", async (fields, message) => {
    const answer = await ask("POST /secret", { ...secret, ...fields });
    expectRefusal(answer, 400, `JSON decode failed -> ${message}`);
  });

  test("is refused if the JSON is invalid", async () => {
    expectRefusal(await ask("POST /secret", "{"), 400, "JSON decode failed -> unexpected EOF");
  });
});

describe("an answer of core-keeper's API", () => {
  test.each([["GET /ping"], ["GET /kvs/key/nothing"], ["PUT /registry"], ["GET /nowhere"], ["PATCH /registry"]])(
    "to %s has the request's correlation ID, or a new one",
    async (request) => {
      const sent = await ask(request, undefined, { headers: { "x-correlation-id": "abc-123" } });
      expect(sent.header("X-Correlation-ID")).toBe("abc-123");
      const made = (await ask(request)).header("X-Correlation-ID");
      expect(made).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      expect((await ask(request)).header("X-Correlation-ID")).not.toBe(made);
    },
  );

  test("is returned with status 200 to a client with a bearer token, too", async () => {
    const headers = { Authorization: "Bearer eyJhbGciOiJub25lIn0.e30." };
    expect((await ask("GET /version", undefined, { headers })).status).toBe(200);
  });
});

describe("a path of core-keeper's API", () => {
  test.each(["", "/", "/pingg", "/ping/", "/kvs", "/kvs/key", "/registry/", "/registry/serviceId", "/registry/all/x"])(
    "that is unknown is a 404 with the text of core-keeper's framework: %p",
    async (path) => {
      const answer = await ask(`GET ${path}`);
      expect([answer.status, answer.json]).toEqual([404, { message: "Not Found" }]);
    },
  );

  test.each([
    ["POST /ping", "OPTIONS, GET"],
    ["POST /kvs/key/a", "OPTIONS, DELETE, GET, PUT"],
    ["GET /registry", "OPTIONS, POST, PUT"],
    ["PATCH /registry/serviceId/a", "OPTIONS, DELETE, GET"],
    ["GET /secret", "OPTIONS, POST"],
  ])("returns 405 for %s, with the allowed methods", async (request, allow) => {
    const answer = await ask(request);
    expect([answer.status, answer.json]).toEqual([405, { message: "Method Not Allowed" }]);
    expect(answer.header("Allow")).toBe(allow);
  });

  test("lists its methods for OPTIONS", async () => {
    const answer = await ask("OPTIONS /registry/all");
    expect([answer.status, answer.text, answer.header("Allow")]).toEqual([204, "", "OPTIONS, GET"]);
  });

  test("is missing from the port of Consul's API, and Consul's paths are missing from the port of core-keeper's API", async () => {
    expect((await fetch(`${keeper.url}/v1/status/leader`)).status).toBe(404);
    expect((await fetch(`${keeper.target.url}/api/v3/ping`)).status).toBe(404);
  });
});

test("a client that may not write over Consul's API may not write over core-keeper's API", async () => {
  expectRefusal(await restricted.ask("PUT /kvs/key/a", { value: 1 }), 403, "Access is restricted");
  expect((await restricted.ask("GET /kvs/key/a")).status).toBe(404);
});

function plain(bytes: Buffer): string {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return new TextDecoder().decode(isGzip ? Bun.gunzipSync(new Uint8Array(bytes)) : bytes);
}
