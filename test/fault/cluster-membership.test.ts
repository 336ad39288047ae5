import { describe, expect, onTestFinished, test } from "bun:test";
import { cpSync, lstatSync } from "node:fs";
import { join } from "node:path";
import { longOnly } from "../support/at-length.ts";
import { Cluster, type ClusterOptions } from "../support/cluster/cluster.ts";
import type { ClusterAgent } from "../support/cluster/cluster-agent.ts";
import { ClusterLoad } from "../support/cluster/cluster-load.ts";
import { CriticalNodes } from "../support/cluster/critical-nodes.ts";
import { cannotMakeNetwork } from "../support/cluster/network.ts";
import { programOf } from "../support/target.ts";
import { within } from "../support/within.ts";

const target = process.env["CONFORMANCE_TARGET"] ?? "praetor";
const isConsul = target === "consul";
/*
 * The long form alone has these tests: each has a cluster of its own. The rules of who is taken in, who leaves and who is refused
 * have tests in src/cluster/formation, src/cluster/leave-servers.test.ts and src/cluster/member-judge.test.ts.
 */
const skipped = cannotMakeNetwork === undefined ? longOnly : ` (skipped: ${cannotMakeNetwork})`;
const admitsCopies = isConsul ? " (skipped: Consul does not know a copy from the original)" : "";
const hasNoEtcd = isConsul ? " (skipped: Consul has no etcd)" : "";
const soonMs = 60_000;

describe.skipIf(skipped !== "")(`the servers of a cluster${skipped}`, () => {
  test("become five, and three again when two leave, the leader among them", async () => {
    const cluster = await startedCluster({ spareMachines: 2 });
    const load = startedLoad(cluster);
    const added = [cluster.agentOn(4, true), cluster.agentOn(5, true)];
    for (const server of added) await server.start();
    const five = [...cluster.servers, ...added];
    await expectVoters(five, five);
    const leader = await leaderOf(five);
    const first = await left(leader, five);
    const second = await left(first[0] as ClusterAgent, first);
    await load.moreWrites(second.filter((server) => cluster.servers.includes(server)));
    expect(await load.stop(second)).toEqual([]);
  });

  test("take the vote of a dead server that an operator forces out or removes, and take it in again when it starts", async () => {
    const cluster = await startedCluster({});
    const [struck, other] = (await cluster.followers()) as readonly [ClusterAgent, ClusterAgent];
    const rest = cluster.servers.filter((server) => server !== struck);
    const { Config } = await struck.json<{ Config: { NodeID: string } }>("/v1/agent/self");
    const operators = [
      ["PUT", `/v1/agent/force-leave/${struck.name}`],
      ["DELETE", `/v1/operator/raft/peer?id=${Config.NodeID}`],
      ["DELETE", `/v1/operator/raft/peer?address=${struck.machine.address}:8300`],
    ] as const;
    for (const [method, path] of operators) {
      await struck.kill();
      await within(soonMs, async () => expect(await statusOf(struck, other)).toBe("failed"));
      expect(await other.ask(method, path)).toMatchObject({ status: 200 });
      await expectVoters(rest, rest);
      expect(await statusOf(struck, other)).toBe("left");
      await struck.start();
      await cluster.whole();
    }
  });

  test("keep a server that a signal has ended", async () => {
    const cluster = await startedCluster({});
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      const leader = await cluster.leader();
      const rest = cluster.servers.filter((server) => server !== leader);
      expect(await leader.end(signal)).toBe(1);
      await expectVoters(rest, cluster.servers);
      await within(soonMs, async () => expect(await statusOf(leader, rest[0] as ClusterAgent)).toBe("failed"));
      await leader.start();
      await cluster.whole();
    }
  });

  test("find only those client agents critical that died with the leader", async () => {
    const cluster = await startedCluster({ clients: 4 });
    const [first, second, third, fourth] = cluster.clients as readonly [
      ClusterAgent,
      ClusterAgent,
      ClusterAgent,
      ClusterAgent,
    ];
    const leader = await cluster.leader();
    const others = cluster.servers.filter((server) => server !== leader);
    const critical = new CriticalNodes(others);
    critical.start();
    await Promise.all([leader.kill(), first.kill(), second.kill()]);
    await within(soonMs, async () => {
      for (const server of others) expect(await criticalClients(server, cluster)).toEqual([first.name, second.name]);
    });
    await leader.start();
    for (const client of [first, second]) await client.start();
    await cluster.whole();
    const found = await critical.stop();
    expect([third, fourth].filter(({ name }) => found.includes(name))).toEqual([]);
  });

  test("keep a client agent passing that is suspended for a moment", async () => {
    const cluster = await startedCluster({ clients: 1 });
    const client = cluster.client(1);
    const critical = new CriticalNodes(cluster.servers);
    critical.start();
    client.signal("SIGSTOP");
    await Bun.sleep(1_000);
    client.signal("SIGCONT");
    await client.ask("PUT", "/v1/kv/resumed", { body: "yes" });
    await cluster.whole();
    expect(await critical.stop()).toEqual([]);
  });

  test.skipIf(isConsul)(`refuse a copy of a live server${admitsCopies}`, async () => {
    const cluster = await startedCluster({ spareMachines: 1 });
    const copied = cluster.server(1);
    const copy = cluster.agentOn(4, true, "-node", copied.name);
    cpSync(copied.folder, copy.folder, { recursive: true, filter: (path) => !lstatSync(path).isSocket() });
    await copy.start();
    await within(soonMs, async () => {
      if (copy.isRunning) expect(await copy.log()).toMatch(/node ID|already|refus|member/i);
    });
    await cluster.whole();
    await copy.kill();
  });

  test.skipIf(isConsul)(`say which program is missing when a server has no etcd${hasNoEtcd}`, async () => {
    const cluster = await startedCluster({ spareMachines: 1 });
    const follower = (await cluster.followers())[0] as ClusterAgent;
    await follower.kill();
    await follower.startWith({ PATH: join(follower.folder, "empty") });
    await within(soonMs, async () => expect(await follower.log()).toMatch(/etcd/));
    await follower.kill();
    await follower.start();
    await cluster.whole();
  });
});

async function startedCluster(options: Omit<ClusterOptions, "program">): Promise<Cluster> {
  const cluster = await Cluster.start({ program: programOf(target), ...options });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  await cluster.whole();
  return cluster;
}

function startedLoad(cluster: Cluster): ClusterLoad {
  const load = new ClusterLoad("membership", cluster.servers, isConsul);
  load.start();
  return load;
}

/** Waits until each of these servers knows exactly these voters. */
async function expectVoters(asked: readonly ClusterAgent[], voters: readonly ClusterAgent[]): Promise<void> {
  const addresses = voters.map(({ machine }) => `${machine.address}:8300`).toSorted((a, b) => (a < b ? -1 : 1));
  for (const server of asked)
    await within(soonMs, async () => {
      const { Servers } = await server.json<{ Servers: readonly { Address: string; Voter: boolean }[] }>(
        "/v1/operator/raft/configuration",
        { withinMs: 10_000 },
      );
      const found = Servers.filter(({ Voter }) => Voter).map(({ Address }) => Address);
      expect(found.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(addresses);
    });
}

/** Returns the status of an agent among the members that another one lists. */
async function statusOf({ name }: ClusterAgent, asked: ClusterAgent): Promise<string | undefined> {
  const members = await asked.json<readonly { Name: string; Status: number }[]>("/v1/agent/members");
  const status = members.find(({ Name }) => Name === name)?.Status;
  return [undefined, "alive", "leaving", "left", "failed"][status ?? 0];
}

async function leaderOf(servers: readonly ClusterAgent[]): Promise<ClusterAgent> {
  return within(soonMs, async () => {
    const address = await (servers[0] as ClusterAgent).json<string>("/v1/status/leader");
    const leader = servers.find(({ machine }) => address.startsWith(`${machine.address}:`));
    if (leader === undefined) throw new Error(`the leader is at ${address}`);
    return leader;
  });
}

/** Lets a server leave, and returns the others as soon as they vote without it. */
async function left(leaving: ClusterAgent, all: readonly ClusterAgent[]): Promise<readonly ClusterAgent[]> {
  const rest = all.filter((server) => server !== leaving);
  await leaving.ask("PUT", "/v1/agent/leave").catch(() => {}); // an agent may end before its answer is on its way
  await expectVoters(rest, rest);
  await within(soonMs, async () => expect(leaving.isRunning).toBe(false));
  return rest;
}

async function criticalClients(server: ClusterAgent, { clients }: Cluster): Promise<readonly string[]> {
  const checks = await server.json<readonly { Node: string }[]>("/v1/health/state/critical?stale");
  return clients.map(({ name }) => name).filter((name) => checks.some(({ Node }) => Node === name));
}
