import { describe, expect, test } from "bun:test";
import type { Answer } from "../support/exchange.ts";
import { expectEmpty, get, put, sharedTarget } from "../support/conformance.ts";

const target = await sharedTarget();

interface Self {
  readonly Config: Record<string, unknown>;
  readonly DebugConfig: Record<string, unknown>;
  readonly Coord: unknown;
  readonly Member: Record<string, unknown>;
  readonly Stats: Record<string, Record<string, string>>;
  readonly Meta: Record<string, string>;
}

async function self(): Promise<Self> {
  return (await get("/v1/agent/self")).json as Self;
}

function expectJson(answer: Answer): void {
  expect(answer.status).toBe(200);
  expect(answer.header("Content-Type")).toBe("application/json");
  expect(answer.header("X-Consul-Index")).toBeUndefined();
}

const semver = /^\d+\.\d+\.\d+/;

describe("agent/self", () => {
  test("has its top-level fields in Consul's order", async () => {
    expectJson(await get("/v1/agent/self"));
    expect(Object.keys(await self())).toEqual(["Config", "DebugConfig", "Coord", "Member", "Stats", "Meta"]);
  });

  test("has in Config the node, the datacenter and the fact that the agent is a server", async () => {
    const { Config } = await self();
    expect(Object.keys(Config)).toEqual(["Datacenter", "NodeName", "NodeID", "Revision", "Server", "Version"]);
    expect(Config).toMatchObject({ Datacenter: "dc1", NodeName: "node1", Server: true });
    expect(Config["Version"]).toMatch(semver);
    expect(Config["NodeID"]).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  test("has the same node ID as the catalog", async () => {
    expect((await get("/v1/catalog/nodes")).text).toContain(`"ID":"${String((await self()).Config["NodeID"])}"`);
  });

  test("describes a live server in Member", async () => {
    const { Member, Config } = await self();
    expect(Object.keys(Member)).toEqual([
      ...["Name", "Addr", "Port", "Tags", "Status"],
      ...["ProtocolMin", "ProtocolMax", "ProtocolCur", "DelegateMin", "DelegateMax", "DelegateCur"],
    ]);
    expect(Member).toMatchObject({ Name: "node1", Addr: "127.0.0.1", Status: 1 });
    expect(Member["Tags"]).toMatchObject({ role: "consul", dc: "dc1", id: Config["NodeID"] });
  });

  test("has the agent's version in the build tag of Member", async () => {
    const { Member, Config } = await self();
    const { build } = Member["Tags"] as { build: string };
    expect(build.split(":")[0]).toBe(String(Config["Version"]));
  });

  test("has the network segment in Meta and the node's coordinate in Coord", async () => {
    const { Meta, Coord } = await self();
    expect(Meta).toEqual({ "consul-network-segment": "" });
    expect(Coord).toMatchObject({ Vec: [0, 0, 0, 0, 0, 0, 0, 0], Adjustment: 0 });
  });

  test("has in Stats groups of fields whose values are strings", async () => {
    const { Stats } = await self();
    expect(Object.keys(Stats)).toEqual(expect.arrayContaining(["agent", "build", "consul", "raft", "runtime"]));
    expect(Stats["agent"]).toMatchObject({ services: expect.stringMatching(/^\d+$/), checks: expect.any(String) });
    expect(Stats["consul"]).toMatchObject({ leader: "true", server: "true", bootstrap: "true" });
    expect(Stats["raft"]).toMatchObject({ state: "Leader", num_peers: "0", fsm_pending: "0", protocol_version: "3" });
    expect(Stats["raft"]?.["latest_configuration"]).toMatch(
      /^\[\{Suffrage:Voter ID:[-0-9a-f]{36} Address:[\d.:]+\}\]$/,
    );
    for (const pool of ["serf_lan", "serf_wan"])
      expect(Stats[pool]).toMatchObject({
        members: "1",
        failed: "0",
        left: "0",
        health_score: "0",
        encrypted: "false",
      });
    expect(Stats["build"]?.["version"]).toMatch(semver);
    expect(Stats["consul"]?.["leader_addr"]).toBe(JSON.parse((await get("/v1/status/leader")).text));
  });

  test("has in DebugConfig the fields that clients read", async () => {
    const { DebugConfig, Config } = await self();
    expect(DebugConfig).toMatchObject({
      ...{ Datacenter: "dc1", NodeName: "node1", NodeID: Config["NodeID"], ServerMode: true, Bootstrap: true },
      ...{ BindAddr: "127.0.0.1", AdvertiseAddrLAN: "127.0.0.1", ClientAddrs: ["127.0.0.1"], DevMode: false },
      ...{ HTTPPort: Number(new URL(target.url).port), HTTPSPort: -1, DNSPort: -1, GRPCPort: -1 },
      ...{ DNSDomain: "consul.", EnableUI: false, ACLsEnabled: false, KVMaxValueSize: 524288 },
      ...{ EnableRemoteScriptChecks: true, EnableLocalScriptChecks: true, LeaveOnTerm: false, SkipLeaveOnInt: true },
      ...{ AEInterval: "1m0s", DefaultQueryTime: "5m0s", MaxQueryTime: "10m0s", EnableDebug: false, Revision: "" },
      ...{ PrimaryDatacenter: "dc1", TranslateWANAddrs: false, TxnMaxReqLen: 524288, UIContentPath: "/ui/", UIDir: "" },
      HTTPBlockEndpoints: [],
    });
    expect(DebugConfig["HTTPAddrs"]).toEqual([target.url.replace("http", "tcp")]);
  });
});

describe("agent/reload", () => {
  test("succeeds, and returns an empty body", async () => {
    expectEmpty(await put("/v1/agent/reload"));
  });
});
