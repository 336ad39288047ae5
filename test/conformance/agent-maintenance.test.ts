import { describe, expect, onTestFinished, test } from "bun:test";
import {
  expectEmpty,
  expectError,
  get,
  masked,
  put,
  registerService,
  sharedTarget,
  unique,
} from "../support/conformance.ts";
import { checkText, serfHealthText } from "../support/expected.ts";

await sharedTarget();

const nodeDefault = "Maintenance mode is enabled for this node, but no reason was provided. This is a default message.";
const serviceDefault =
  "Maintenance mode is enabled for this service, but no reason was provided. This is a default message.";

function nodeCheck(notes: string): string {
  const id = "_node_maintenance";
  return checkText({ id, name: "Node Maintenance Mode", status: "critical", notes, type: "maintenance" });
}

function serviceCheck(service: string, notes: string): string {
  const check = { id: `_service_maintenance:${service}`, name: "Service Maintenance Mode", status: "critical" };
  return checkText({ ...check, notes, service, tags: ["a"], type: "maintenance" });
}

async function maintainNode(query: string): Promise<void> {
  onTestFinished(async () => void (await put("/v1/agent/maintenance?enable=false")));
  expectEmpty(await put(`/v1/agent/maintenance?${query}`));
}

async function maintenanceChecks(): Promise<string> {
  return (await get(`/v1/agent/checks?filter=${encodeURIComponent('CheckID matches "maintenance"')}`)).text;
}

describe("maintenance of the node", () => {
  test("is a critical check with the reason in its notes", async () => {
    await maintainNode("enable=true&reason=broken+disk");
    expect(await maintenanceChecks()).toBe(`{"_node_maintenance":${nodeCheck("broken disk")}}`);
    expect(masked((await get("/v1/health/node/node1")).text)).toBe(`[${nodeCheck("broken disk")},${serfHealthText}]`);
  });

  test("has a default reason if the request has none", async () => {
    await maintainNode("enable=1");
    expect(await maintenanceChecks()).toBe(`{"_node_maintenance":${nodeCheck(nodeDefault)}}`);
  });

  test("keeps its first reason when it is enabled again", async () => {
    await maintainNode("enable=true&reason=first");
    await maintainNode("enable=true&reason=second");
    expect(await maintenanceChecks()).toBe(`{"_node_maintenance":${nodeCheck("first")}}`);
  });

  test("removes every service of the node from answers with ?passing", async () => {
    const Name = unique("web");
    await registerService({ Name });
    await maintainNode("enable=true");
    expect((await get(`/v1/health/service/${Name}?passing`)).text).toBe("[]");
    expectEmpty(await put("/v1/agent/maintenance?enable=false"));
    expect((await get(`/v1/health/service/${Name}?passing`)).text).toContain(`"ID":"${Name}"`);
  });

  test("leaves no check behind when it is disabled; disabling it again succeeds", async () => {
    await maintainNode("enable=t");
    expectEmpty(await put("/v1/agent/maintenance?enable=F"));
    expectEmpty(await put("/v1/agent/maintenance?enable=0"));
    expect(await maintenanceChecks()).toBe("{}");
    expect(masked((await get("/v1/health/node/node1")).text)).toBe(`[${serfHealthText}]`);
  });
});

describe("maintenance of a service", () => {
  test("is a critical check of that service", async () => {
    const Name = unique("web");
    await registerService({ Name, Tags: ["a"] });
    expectEmpty(await put(`/v1/agent/service/maintenance/${Name}?enable=true&reason=r%20x`));
    const expected = serviceCheck(Name, "r x");
    expect(await maintenanceChecks()).toBe(`{"_service_maintenance:${Name}":${expected}}`);
    expect(masked((await get(`/v1/health/checks/${Name}`)).text)).toBe(`[${expected}]`);
    expect((await get(`/v1/health/service/${Name}?passing`)).text).toBe("[]");
  });

  test("has a default reason if the request has none, and its check disappears when it is disabled", async () => {
    const Name = unique("web");
    await registerService({ Name, Tags: ["a"] });
    expectEmpty(await put(`/v1/agent/service/maintenance/${Name}?enable=true`));
    expect(await maintenanceChecks()).toBe(`{"_service_maintenance:${Name}":${serviceCheck(Name, serviceDefault)}}`);
    expectEmpty(await put(`/v1/agent/service/maintenance/${Name}?enable=false`));
    expect(await maintenanceChecks()).toBe("{}");
  });

  test("ends when the service is deregistered", async () => {
    const Name = unique("web");
    await registerService({ Name });
    await put(`/v1/agent/service/maintenance/${Name}?enable=true`);
    expectEmpty(await put(`/v1/agent/service/deregister/${Name}`));
    expect(await maintenanceChecks()).toBe("{}");
  });

  test.each(["true", "false"])("is a 404 if the service does not exist, with enable=%s", async (enable) => {
    const text = 'No service registered with ID "nobody"';
    expectError(await put(`/v1/agent/service/maintenance/nobody?enable=${enable}`), { status: 404, text });
  });

  test.each(["", "?enable=true"])(
    "is refused without a service ID: /v1/agent/service/maintenance/%s",
    async (query) => {
      expectError(await put(`/v1/agent/service/maintenance/${query}`), { status: 400, text: "Missing service ID" });
    },
  );
});

describe.each(["/v1/agent/maintenance", "/v1/agent/service/maintenance/nobody"])("a request to %s", (path) => {
  test.each([
    ["", "Missing value for enable"],
    ["?enable", 'Invalid value for enable: ""'],
    ["?enable=", 'Invalid value for enable: ""'],
    ["?enable=abc", 'Invalid value for enable: "abc"'],
    ["?enable=yes", 'Invalid value for enable: "yes"'],
    ["?enable=tRUE", 'Invalid value for enable: "tRUE"'],
  ])("is refused with the query string %j", async (query, text) => {
    expectError(await put(`${path}${query}`), { status: 400, text });
  });
});
