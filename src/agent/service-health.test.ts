import { describe, expect, test } from "bun:test";
import { serviceWith, startTestAgent, ttlCheck } from "../../test/support/agent.ts";
import type { CheckStatus } from "../model/check.ts";
import { serviceHealth } from "./service-health.ts";

describe("the health of a service of this agent", () => {
  test.each([
    [[], [], "passing"],
    [["passing", "passing"], ["passing"], "passing"],
    [["passing", "warning"], [], "warning"],
    [["passing"], ["warning"], "warning"],
    [["critical", "warning"], ["passing"], "critical"],
    [["passing"], ["critical"], "critical"],
  ] as const)("whose own checks are %p and whose node's checks are %p is %s", async (own, ofNode, expected) => {
    const { agent } = await startTestAgent();
    const { service } = serviceWith("web", []);
    const named = (statuses: readonly CheckStatus[], prefix: string, serviceId: string) =>
      statuses.map((initialStatus, at) => ttlCheck(`${prefix}${at}`, { initialStatus, serviceId }));
    await agent.registerService({ service, checks: named(own, "own", "web") }, { source: "api" });
    for (const check of named(ofNode, "node", "")) await agent.registerCheck(check, "api");
    expect(serviceHealth(agent, service).status).toBe(expected);
  });

  test("lists the service's own checks, then its node's checks, and no check of another service", async () => {
    const { agent } = await startTestAgent();
    await agent.registerCheck(ttlCheck("disk"), "api");
    await agent.registerService(serviceWith("web", ["b", "a"]), { source: "api" });
    await agent.registerService(serviceWith("db", ["c"]), { source: "api" });
    const { service, checks } = serviceHealth(agent, serviceWith("web", []).service);
    expect([service.id, ...checks.map(({ definition }) => definition.id)]).toEqual(["web", "b", "a", "disk"]);
  });
});
