import { describe, expect, test } from "bun:test";
import { startCannedAgent } from "../../../test/support/canned-agent.ts";
import { runCommandWith } from "../../../test/support/command-io.ts";
import { operatorAutopilotSetConfigCommand } from "./operator-autopilot-set-config.ts";
import { operatorRaftListPeersCommand } from "./operator-raft-list-peers.ts";
import { operatorRaftRemovePeerCommand } from "./operator-raft-remove-peer.ts";

describe("praetor operator autopilot set-config", () => {
  const config = { CleanupDeadServers: true, MinQuorum: 0, LastContactThreshold: "200ms", ModifyIndex: 5, Later: "x" };

  test("changes the given settings and keeps all others, including unknown ones", async () => {
    using agent = startCannedAgent(({ method }) => Response.json(method === "GET" ? config : true));
    const args = ["-cleanup-dead-servers=false", "-min-quorum=3", "-last-contact-threshold=1500ms"];
    const { stdout } = await runCommandWith(operatorAutopilotSetConfigCommand, ["-http-addr", agent.url, ...args]);
    expect(stdout).toBe("Configuration updated!\n");
    expect(agent.requests[1]?.target).toBe("/v1/operator/autopilot/configuration?cas=5");
    expect(JSON.parse(agent.requests[1]?.body ?? "")).toEqual({
      ...config,
      ...{ CleanupDeadServers: false, MinQuorum: 3, LastContactThreshold: "1.5s" },
    });
  });

  test("fails if another client changes the configuration between the command's read and write", async () => {
    using agent = startCannedAgent(({ method }) => Response.json(method === "GET" ? config : false));
    const { code, stderr } = await runCommandWith(operatorAutopilotSetConfigCommand, ["-http-addr", agent.url]);
    expect(code).toBe(1);
    expect(stderr).toBe("Configuration could not be atomically updated, please try again\n");
  });
});

test("praetor operator raft list-peers shows followers and non-voters", async () => {
  const Servers = [
    { Node: "n1", ID: "1", Address: "192.0.2.1:8300", Leader: true, Voter: true, ProtocolVersion: "3" },
    { Node: "n2", ID: "2", Address: "192.0.2.2:8300", Leader: false, Voter: false, ProtocolVersion: "" },
  ];
  using agent = startCannedAgent(() => Response.json({ Servers }));
  const { stdout } = await runCommandWith(operatorRaftListPeersCommand, ["-http-addr", agent.url]);
  expect(stdout.split("\n").slice(1)).toEqual([
    "n1    1   192.0.2.1:8300  leader    true   3",
    "n2    2   192.0.2.2:8300  follower  false  <=1",
    "",
  ]);
});

test("praetor operator raft remove-peer takes an address or an id, not both", async () => {
  using agent = startCannedAgent(() => new Response());
  const run = async (...args: string[]): Promise<string> => {
    const { stdout, stderr } = await runCommandWith(operatorRaftRemovePeerCommand, ["-http-addr", agent.url, ...args]);
    return stdout + stderr;
  };
  expect(await run("-id=7")).toBe('Removed peer with id "7"\n');
  expect(await run("-address=a:1")).toBe('Removed peer with address "a:1"\n');
  expect(await run("-address=a:1", "-id=7")).toBe("Error removing peer: cannot give both an address and id\n");
  expect(agent.requests.map(({ method, target }) => `${method} ${target}`)).toEqual([
    "DELETE /v1/operator/raft/peer?id=7",
    "DELETE /v1/operator/raft/peer?address=a%3A1",
  ]);
});
