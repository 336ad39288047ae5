import { describe, expect, test } from "bun:test";
import { startCannedAgent } from "../../../test/support/canned-agent.ts";
import { runCommandWith } from "../../../test/support/command-io.ts";
import { maintCommand } from "./maint.ts";

const answers: Readonly<Record<string, unknown>> = {
  "/v1/agent/self": { Config: { NodeName: "node1" } },
  "/v1/agent/checks": {
    "service:web": { CheckID: "service:web", ServiceID: "web", Notes: "none" },
    "_service_maintenance:web": { CheckID: "_service_maintenance:web", ServiceID: "web", Notes: "new disk" },
    _node_maintenance: { CheckID: "_node_maintenance", ServiceID: "", Notes: "moving house" },
  },
};

describe("praetor maint", () => {
  test("lists the node and services in maintenance as text and as JSON", async () => {
    using agent = startCannedAgent(({ target }) => Response.json(answers[target]));
    const people = await runCommandWith(maintCommand, ["-http-addr", agent.url]);
    expect(people.stdout).toBe(
      "Node:\n  Name:   node1\n  Reason: moving house\n\nService:\n  ID:     web\n  Reason: new disk\n\n",
    );
    const programs = await runCommandWith(maintCommand, ["-http-addr", agent.url, "-format=json"]);
    expect(JSON.parse(programs.stdout)).toEqual([
      { node: "node1", reason: "moving house" },
      { node: "node1", service: "web", reason: "new disk" },
    ]);
  });

  test("escapes a service's id and the reason in the URL", async () => {
    using agent = startCannedAgent(() => new Response());
    const args = ["-http-addr", agent.url, "-enable", "-service=a/b", "-reason=x & y"];
    expect((await runCommandWith(maintCommand, args)).stdout).toBe('Service maintenance is now enabled for "a/b"\n');
    expect(agent.requests[0]?.target).toBe("/v1/agent/service/maintenance/a%2Fb?enable=true&reason=x+%26+y");
  });
});
