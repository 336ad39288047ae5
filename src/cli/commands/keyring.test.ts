import { describe, expect, test } from "bun:test";
import { startCannedAgent } from "../../../test/support/canned-agent.ts";
import { runCommandWith } from "../../../test/support/command-io.ts";
import { keyringCommand } from "./keyring.ts";

const pools = [
  {
    ...{ WAN: false, Datacenter: "dc1", Segment: "hall", NumNodes: 3, PrimaryKeys: { "b=": 3 } },
    ...{ Keys: { "b=": 3, "a=": 2 }, Messages: { n3: "no answer" } },
  },
];

describe("praetor keyring", () => {
  test("-list prints how many agents have each key, and which agents failed", async () => {
    using agent = startCannedAgent(() => Response.json(pools));
    const { stdout } = await runCommandWith(keyringCommand, ["-http-addr", agent.url, "-list", "-local-only"]);
    expect(stdout).toBe(
      "==> Gathering installed encryption keys...\n\ndc1 (LAN) [hall]:\n  ===> n3: no answer\n  a= [2/3]\n  b= [3/3]\n",
    );
    expect(agent.requests[0]?.target).toBe("/v1/operator/keyring?local-only=true");
  });

  test("-list -format=json prints only the agent's JSON", async () => {
    using agent = startCannedAgent(() => Response.json(pools));
    const { stdout } = await runCommandWith(keyringCommand, ["-http-addr", agent.url, "-list", "-format=json"]);
    expect(JSON.parse(stdout)).toEqual(pools);
  });

  test.each([
    ["install", "POST"],
    ["use", "PUT"],
    ["remove", "DELETE"],
  ])("-%s sends a %s request with the key", async (flag, method) => {
    using agent = startCannedAgent(() => new Response());
    const { code } = await runCommandWith(keyringCommand, ["-http-addr", agent.url, `-${flag}=k=`, "-relay-factor=2"]);
    expect(code).toBe(0);
    const target = "/v1/operator/keyring?relay-factor=2";
    expect(agent.requests).toMatchObject([{ method, target, body: '{"Key":"k="}' }]);
  });
});
