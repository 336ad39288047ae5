import { describe, expect, test } from "bun:test";
import { startCannedAgent } from "../../../test/support/canned-agent.ts";
import { runCommandWith, type CommandRun } from "../../../test/support/command-io.ts";
import { rttCommand } from "./rtt.ts";

const at = (Node: string, seconds: number, Segment = ""): object => {
  return { Node, Segment, Coord: { Vec: [seconds, 0, 0, 0, 0, 0, 0, 0], Error: 1, Adjustment: 0, Height: 0 } };
};

const answers: Readonly<Record<string, unknown>> = {
  "/v1/agent/self": { Config: { NodeName: "here", Datacenter: "dc1" } },
  "/v1/coordinate/nodes": [at("here", 0), at("there", 0.0125), at("apart", 1, "alpha")],
  "/v1/coordinate/datacenters": [
    { Datacenter: "dc1", AreaID: "wan", Coordinates: [at("here", 0)] },
    { Datacenter: "dc2", AreaID: "wan", Coordinates: [at("there", 0.05)] },
    { Datacenter: "dc2", AreaID: "other", Coordinates: [at("stray", 0.05)] },
  ],
};

async function run(...args: string[]): Promise<CommandRun> {
  using agent = startCannedAgent(({ target }) => Response.json(answers[target]));
  return await runCommandWith(rttCommand, ["-http-addr", agent.url, ...args]);
}

describe("praetor rtt", () => {
  test("takes the agent's node as the second one by default, and ignores the letter case of names", async () => {
    const { stdout } = await run("There");
    expect(stdout).toBe("Estimated There <-> here rtt: 12.500 ms (using LAN coordinates)\n");
  });

  test("-wan estimates the round trip time between servers of one network area only", async () => {
    const { stdout } = await run("-wan", "there.dc2");
    expect(stdout).toBe("Estimated there.dc2 <-> here.dc1 rtt: 50.000 ms (using WAN coordinates)\n");
    expect((await run("-wan", "stray.dc2")).stderr).toBe('Could not find a coordinate for node "stray.dc2"\n');
  });

  test("fails for nodes without a common network segment, and for an unknown node", async () => {
    expect(await run("apart", "here")).toEqual({
      code: 1,
      stdout: "",
      stderr: 'Could not find a coordinate for node "apart"\n',
    });
    expect((await run("here", "nobody")).stderr).toBe('Could not find a coordinate for node "nobody"\n');
  });
});
