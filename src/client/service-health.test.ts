import { describe, expect, test } from "bun:test";
import { startCannedAgent } from "../../test/support/canned-agent.ts";
import { systemClock } from "../lib/clock.ts";
import { HttpClient } from "./http.ts";
import { askServiceHealth, checksUrl, serviceHealth } from "./service-health.ts";
import { decodeChecks, type ServiceCheck } from "./service-check.ts";

function check(serviceId: string, status: string, changes: Partial<ServiceCheck> = {}): ServiceCheck {
  const [serviceName = ""] = serviceId.split("-");
  const common = { checkId: `service:${serviceId}`, name: "status", output: "", notes: "" };
  return { ...common, status, serviceId, serviceName, ...changes };
}

describe("serviceHealth", () => {
  test("returns for an instance the status of its worst check, whatever the order of the checks", () => {
    const checks = [check("data", "passing", { checkId: "1" }), check("data", "critical", { checkId: "2" })];
    expect(serviceHealth(checks, "data").status).toBe("critical");
    expect(serviceHealth(checks.toReversed(), "data").status).toBe("critical");
    expect(serviceHealth([check("data", "warning"), check("data", "passing")], "data").status).toBe("warning");
  });

  test("returns the status of a service's best instance, or of the instance that an ID selects", () => {
    const checks = [check("data-1", "critical"), check("data-2", "passing")];
    expect(serviceHealth(checks, "data").status).toBe("passing");
    expect(serviceHealth(checks, "data-1").status).toBe("critical");
  });

  test("returns no status for a service that is unknown or has no checks", () => {
    expect(serviceHealth([check("data", "passing")], "dat").status).toBeUndefined();
    expect(serviceHealth([], "data").status).toBeUndefined();
  });

  test("returns critical for the services of a node in maintenance, but no status for a service without checks", () => {
    const maintenance = check("", "critical", { checkId: "_node_maintenance", notes: "moving house" });
    const health = serviceHealth([check("data", "passing"), maintenance], "data");
    expect(health.status).toBe("critical");
    expect(health.complaints).toEqual(['check "_node_maintenance" of the node is critical: moving house']);
    expect(serviceHealth([maintenance], "data").status).toBeUndefined();
  });

  test("does not return passing for a service that has a check without a status", () => {
    expect(serviceHealth([check("data", ""), check("data", "passing")], "data").status).toBe("");
  });

  test("returns in `complaints` a line for each check that does not pass, with the first line of its output", () => {
    const failing = check("data", "critical", { output: "dial tcp: refused\nmore" });
    const { complaints } = serviceHealth([failing, check("data", "passing")], "data");
    expect(complaints).toEqual(['check "service:data" of data is critical: dial tcp: refused']);
  });
});

describe("decodeChecks", () => {
  const row = { CheckID: "c", Name: "n", Status: "passing", Output: "o", ServiceID: "data", ServiceName: "data" };

  test("reads the agent's object, the catalog's list and null", () => {
    expect(decodeChecks({ c: row })).toEqual(decodeChecks([row]));
    expect(decodeChecks([row])).toHaveLength(1);
    expect(decodeChecks(null)).toEqual([]);
  });

  test.each([[[1]], [{ error: "x" }], ["text"], [7], [[{ Node: {}, Service: {} }]]])("refuses the value %j", (json) => {
    expect(() => decodeChecks(json)).toThrow(/not a list of checks/);
  });

  test("decodes a missing status as empty text", () => {
    expect(decodeChecks([{ CheckID: "c" }])[0]?.status).toBe("");
  });
});

test("checksUrl appends /v1/agent/checks to a URL without a path, and returns any other URL unchanged", async () => {
  expect(checksUrl("http://127.0.0.1:8500").pathname).toBe("/v1/agent/checks");
  expect(checksUrl("http://127.0.0.1:8500/v1/health/checks/x?dc=y").search).toBe("?dc=y");
  expect(() => checksUrl("127.0.0.1:8500")).toThrow(/not a URL/);
  using agent = startCannedAgent(() => Response.json({}));
  const source = {
    http: new HttpClient({ baseUrl: agent.url, clock: systemClock }),
    path: "/v1/health/checks/x?dc=y",
  };
  expect((await askServiceHealth("x", source)).status).toBeUndefined();
  expect(agent.requests[0]?.target).toBe("/v1/health/checks/x?dc=y");
});
