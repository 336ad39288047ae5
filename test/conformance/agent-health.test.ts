import { describe, expect, onTestFinished, test } from "bun:test";
import {
  expectEmpty,
  expectError,
  get,
  put,
  registerCheck,
  registerService,
  send,
  sharedTarget,
  unique,
} from "../support/conformance.ts";
import { agentHealthCheckText } from "../support/expected.ts";

await sharedTarget();

const byId = "/v1/agent/health/service/id";
const byName = "/v1/agent/health/service/name";

/** Registers one service with one check of the given status; returns the service's name. */
async function serviceThatIs(status: string): Promise<string> {
  const Name = unique("web");
  await registerService({ Name, Check: { TTL: "1h", Status: status } });
  return Name;
}

function entryText(name: string, status: string): string {
  const check = { id: `service:${name}`, name: `Service '${name}' check`, status, service: name };
  return (
    `{"AggregatedStatus":"${status}","Service":{"ID":"${name}","Service":"${name}","Tags":[],"Meta":{},"Port":0,"Address":"",` +
    `"Weights":{"Passing":1,"Warning":1},"EnableTagOverride":false},"Checks":[${agentHealthCheckText(check)}]}`
  );
}

describe.each([
  ["passing", 200],
  ["warning", 429],
  ["critical", 503],
])("for a service that is %s", (status, code) => {
  test(`agent/health requested by ID returns one object with status code ${code}`, async () => {
    const name = await serviceThatIs(status);
    const answer = await get(`${byId}/${name}`);
    expect({ status: answer.status, text: answer.text }).toEqual({ status: code, text: entryText(name, status) });
    expect(answer.header("Content-Type")).toBe("application/json");
    expect(answer.header("X-Consul-Reason")).toBe(status);
  });

  test(`agent/health requested by name returns a list with status code ${code}`, async () => {
    const name = await serviceThatIs(status);
    const answer = await get(`${byName}/${name}`);
    expect({ status: answer.status, text: answer.text }).toEqual({
      status: code,
      text: `[${entryText(name, status)}]`,
    });
    expect(answer.header("X-Consul-Reason")).toBe(status);
  });

  test.each([byId, byName])(
    `agent/health requested with ?format=text returns one word with status code ${code}, at the path %s`,
    async (path) => {
      const answer = await get(`${path}/${await serviceThatIs(status)}?format=text`);
      expect({ status: answer.status, text: answer.text }).toEqual({ status: code, text: status });
      expect(answer.header("Content-Type")).toBe("text/plain");
      expect(answer.header("X-Consul-Reason")).toBe(status);
    },
  );
});

describe("the text form of a service's health", () => {
  const form = async (path: string, accept: string): Promise<string> =>
    (await send("GET", path, { headers: { Accept: accept } })).text.slice(0, 1);

  test.each([
    ["text/plain", true],
    ["text/plain;q=0.5, */*", true],
    ["text/plainly", true],
    ["application/json, text/plain", false],
    ["TEXT/PLAIN", false],
    ["text/*", false],
    ["*/*", false],
  ])("with the Accept header %p is returned (true) or not (false): %p", async (accept, isText) => {
    const name = await serviceThatIs("warning");
    for (const format of ["", "?format=json", "?format=TEXT"]) {
      expect(await form(`${byId}/${name}${format}`, accept)).toBe(isText ? "w" : "{");
      expect(await form(`${byName}/${name}${format}`, accept)).toBe(isText ? "w" : "[");
    }
    expect(await form(`${byId}/${name}?format=text`, accept)).toBe("w");
    expect(await form(`${byId}/nosuch`, accept)).toBe(isText ? '"' : "{");
    expect(await form(`${byName}/nosuch`, accept)).toBe(isText ? "S" : "[");
  });
});

describe("the status of a service at agent/health", () => {
  test("is passing if the service has no checks, and the list of its checks is empty", async () => {
    const Name = unique("web");
    await registerService({ Name });
    expect((await get(`${byId}/${Name}`)).text).toEndWith('"EnableTagOverride":false},"Checks":[]}');
    expect((await get(`${byName}/${Name}?format=text`)).text).toBe("passing");
  });

  test("is maintenance, with status code 503, when the service is in maintenance", async () => {
    const name = await serviceThatIs("warning");
    await put(`/v1/agent/service/maintenance/${name}?enable=true`);
    const answer = await get(`${byId}/${name}?format=text`);
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 503, text: "maintenance" });
    const long = await get(`${byId}/${name}`);
    expect(long.json).toMatchObject({ AggregatedStatus: "maintenance" });
    expect(long.text).toContain(`"CheckID":"_service_maintenance:${name}"`);
  });

  test("is maintenance when the node is in maintenance", async () => {
    const name = await serviceThatIs("passing");
    onTestFinished(async () => void (await put("/v1/agent/maintenance?enable=false")));
    expectEmpty(await put("/v1/agent/maintenance?enable=true"));
    const answer = await get(`${byId}/${name}?format=text`);
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 503, text: "maintenance" });
  });

  test("depends on the node's checks too, which are listed after the service's checks", async () => {
    const name = await serviceThatIs("passing");
    const check = unique("node-check");
    await registerCheck({ Name: check, TTL: "1h", Status: "warning" });
    const answer = await get(`${byId}/${name}`);
    expect(answer.status).toBe(429);
    const nodeCheck = agentHealthCheckText({ id: check, status: "warning" });
    expect(answer.text).toEndWith(`,${nodeCheck}]}`);
  });

  test("is that of the worst instance when it is requested by name", async () => {
    const Name = unique("web");
    await registerService({ ID: `${Name}-1`, Name, Check: { TTL: "1h", Status: "passing" } });
    await registerService({ ID: `${Name}-2`, Name, Check: { TTL: "1h", Status: "warning" } });
    expect((await get(`${byName}/${Name}?format=text`)).text).toBe("warning");
    await put(`/v1/agent/check/fail/service:${Name}-1`);
    const answer = await get(`${byName}/${Name}`);
    expect(answer.status).toBe(503);
    const entries = answer.json as { AggregatedStatus: string; Service: { ID: string } }[];
    expect(entries.map((entry) => `${entry.Service.ID} ${entry.AggregatedStatus}`).toSorted()).toEqual([
      `${Name}-1 critical`,
      `${Name}-2 warning`,
    ]);
  });

  test("is returned with the service's tags in each of its checks", async () => {
    const Name = unique("web");
    await registerService({ Name, Tags: ["a"], Check: { TTL: "1h", Status: "passing" } });
    expect((await get(`${byId}/${Name}`)).text).toContain(
      '"ServiceTags":["a"],"Type":"","Definition":{"Interval":"0s"',
    );
  });

  test("is a 404 for services of the catalog that are not registered with this agent", async () => {
    expect((await get(`${byName}/consul`)).status).toBe(404);
  });

  test("is JSON for every ?format but text", async () => {
    const name = await serviceThatIs("passing");
    expect((await get(`${byId}/${name}?format=json`)).text).toBe(entryText(name, "passing"));
    expect((await get(`${byId}/${name}?format=xml`)).text).toBe(entryText(name, "passing"));
  });
});

describe("the health of an unknown service", () => {
  test.each([
    [
      `${byId}/nobody`,
      "application/json",
      '{"AggregatedStatus":"critical","Service":null,"Checks":null}',
      "ServiceId nobody not found",
    ],
    // Consul: the answer is a quoted JSON string, although the request asks for text.
    [`${byId}/nobody?format=text`, "application/json", '"ServiceId nobody not found"', "ServiceId nobody not found"],
    [`${byName}/nobody`, "application/json", "[]", "ServiceName nobody Not Found"],
    [`${byName}/nobody?format=text`, "text/plain", "ServiceName nobody Not Found", "ServiceName nobody Not Found"],
  ])("is a 404: %s", async (path, type, text, reason) => {
    const answer = await get(path);
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 404, text });
    expect(answer.header("Content-Type")).toBe(type);
    expect(answer.header("X-Consul-Reason")).toBe(reason);
  });

  test.each([
    [`${byId}/`, "Bad request: Missing serviceID"],
    [`${byName}/`, "Bad request: Missing service Name"],
  ])("cannot be requested without a name or ID: %s", async (path, text) => {
    expectError(await get(path), { status: 500, text });
  });
});
