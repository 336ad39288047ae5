import { describe, expect, test } from "bun:test";
import { startCannedAgent } from "../../../test/support/canned-agent.ts";
import { runCommandWith } from "../../../test/support/command-io.ts";
import { forceLeaveCommand } from "./force-leave.ts";
import { joinCommand } from "./join.ts";

describe("praetor join", () => {
  test("succeeds if one of several addresses can be joined, and reports the others as errors", async () => {
    using agent = startCannedAgent(
      ({ target }) => new Response("nobody", { status: target.endsWith("a") ? 500 : 200 }),
    );
    expect(await runCommandWith(joinCommand, ["-http-addr", agent.url, "a", "b"])).toEqual({
      code: 0,
      stdout: "Successfully joined cluster by contacting 1 nodes.\n",
      stderr: "Error joining address 'a': Unexpected response code: 500 (nobody)\n",
    });
  });

  test("fails if no address can be joined", async () => {
    using agent = startCannedAgent(() => new Response("nobody", { status: 500 }));
    const { code, stderr } = await runCommandWith(joinCommand, ["-http-addr", agent.url, "-wan", "a:8302"]);
    expect(code).toBe(1);
    expect(stderr).toEndWith("Failed to join any nodes.\n");
    expect(agent.requests[0]?.target).toBe("/v1/agent/join/a%3A8302?wan=1");
  });
});

test("praetor force-leave -prune sends the parameter prune", async () => {
  using agent = startCannedAgent(() => new Response());
  const done = await runCommandWith(forceLeaveCommand, ["-http-addr", agent.url, "-prune", "gone"]);
  expect(done).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(agent.requests[0]).toMatchObject({ method: "PUT", target: "/v1/agent/force-leave/gone?prune=1" });
});
