import { afterAll, describe, expect, test } from "bun:test";
import { atLength, isAtLength, longOnly } from "../support/at-length.ts";
import { Cluster } from "../support/cluster/cluster.ts";
import type { ClusterAgent } from "../support/cluster/cluster-agent.ts";
import { ClusterLoad, type Observed } from "../support/cluster/cluster-load.ts";
import { CriticalNodes } from "../support/cluster/critical-nodes.ts";
import { type Fault, faults, leaderKilled, leaderSuspended, leaderUnplugged } from "../support/cluster/faults.ts";
import { cannotMakeNetwork } from "../support/cluster/network.ts";
import { tellFigures } from "../support/progress.ts";
import { programOf } from "../support/target.ts";
import { within } from "../support/within.ts";

const target = process.env["CONFORMANCE_TARGET"] ?? "praetor";
const isConsul = target === "consul";
const skipped = cannotMakeNetwork === undefined ? "" : ` (skipped: ${cannotMakeNetwork})`;

/*
 * The short form, which every run of `make test` has, takes as long as a few other folders of tests together: a fault of each kind
 * with clients, and a restart of all servers. It asks only for what holds on a machine of any speed. The long form, `make fault
 * PROOF=cluster`, has all faults several times and asks for liveness too: a client agent that a slow machine keeps from answering for
 * three seconds counts as failed, and rightly so.
 */
const usual: readonly Fault[] = [leaderKilled, leaderSuspended, leaderUnplugged];
const long = test.skipIf(!isAtLength);
const rounds = Number(process.env["ROUNDS"] ?? atLength({ short: 1, long: 3 }));
const chosen = (isAtLength ? faults : usual).filter(({ needsEtcd }) => needsEtcd !== true || !isConsul);

/** The number of writes through each other server before a fault is mended. */
const writesDuringFault = atLength({ short: 20, long: 200 });

const spareMachines = 1;
let running: Cluster | undefined;
let trials = 0;

afterAll(async () => running?.[Symbol.asyncDispose]());

/** Runs a trial on the cluster of the trial before, or on a new one if that trial has failed. */
async function onCluster(trial: (cluster: Cluster, name: string) => Promise<void>): Promise<void> {
  const cluster = running ?? (await Cluster.start({ program: programOf(target), clients: 2, spareMachines }));
  running = cluster;
  try {
    await cluster.whole();
    trials += 1;
    await trial(cluster, `trial-${trials}`);
  } catch (error) {
    running = undefined;
    for (const agent of cluster.agents) console.log(`${agent.name}: ${(await agent.log()).slice(-2_000)}`);
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}

describe.skipIf(skipped !== "")(`a cluster of three servers and two client agents${skipped}`, () => {
  test.each(chosen.map((fault) => [fault.name, fault] as const))(
    "goes on and loses nothing when %s",
    async (_, fault) => {
      for (let round = 0; round < rounds; round++) await onCluster((cluster, name) => outlive(fault, cluster, name));
    },
  );

  long(`serves stale reads while two servers are dead, and writes again when one is back${longOnly}`, () =>
    onCluster(async (cluster, name) => {
      const load = startLoad(cluster, name);
      await load.moreWrites(cluster.agents);
      const [first, second, last] = cluster.servers as readonly [ClusterAgent, ClusterAgent, ClusterAgent];
      await Promise.all([first.kill(), second.kill()]);
      await within(60_000, async () => {
        const stale = await last.ask("GET", "/v1/kv/whole?raw&stale");
        expect([stale.status, stale.knownLeader]).toEqual([200, false]);
      });
      const { status, text } = await last.ask("PUT", "/v1/kv/whole", { body: "unwritten" });
      expect([status, text]).toEqual([500, expect.stringContaining("No cluster leader")]);
      expect((await last.ask("GET", "/v1/status/leader")).text).toBe('""');
      await first.start();
      const tookMs = await load.moreWrites([first, last, ...cluster.clients]);
      await second.start();
      await cluster.whole();
      expect(await load.stop(cluster.servers)).toEqual([]);
      tellFigures(`a second server is back: writes go on after ${Math.round(tookMs)} ms`);
    }),
  );

  test("has every acknowledged write after all three servers were killed at once", () =>
    onCluster(async (cluster, name) => {
      const load = startLoad(cluster, name);
      await load.moreWrites(cluster.agents, 20);
      await Promise.all(cluster.servers.map((server) => server.kill()));
      for (const server of cluster.servers) await server.start();
      const tookMs = await load.moreWrites(cluster.agents);
      await cluster.whole();
      expect(await load.stop(cluster.servers)).toEqual([]);
      tellFigures(`all servers are killed and started: writes go on after ${Math.round(tookMs)} ms`);
    }));

  long(`goes on after all servers were restarted with new addresses${longOnly}`, () =>
    onCluster(async (cluster, name) => {
      const load = startLoad(cluster, name);
      await load.moreWrites(cluster.agents);
      await Promise.all(cluster.servers.map((server) => server.kill()));
      for (const [at, { machine }] of cluster.servers.entries())
        await machine.readdress(`10.99.0.${100 + trials * 3 + at}`);
      for (const server of cluster.servers) await server.start();
      const tookMs = await load.moreWrites(cluster.servers);
      // The client agents know the old addresses only, and get the new ones at their next start.
      for (const client of cluster.clients) {
        await client.kill();
        await client.start();
      }
      await cluster.whole();
      expect(await load.stop(cluster.servers)).toEqual([]);
      tellFigures(`all addresses change: writes go on after ${Math.round(tookMs)} ms`);
    }),
  );

  long(`takes a server in again that has lost its folder${longOnly}`, () =>
    onCluster(async (cluster, name) => {
      const load = startLoad(cluster, name);
      await load.moreWrites(cluster.agents);
      const [follower] = (await cluster.followers()) as readonly [ClusterAgent];
      const { nodeId } = await identityOf(follower);
      await follower.kill();
      follower.removeFolder();
      // Consul takes a server without its id for another one whose name is taken, unless it is given the id.
      await follower.start("-node-id", nodeId);
      const tookMs = await load.moreWrites([follower]);
      await cluster.whole();
      expect(await load.stop(cluster.servers)).toEqual([]);
      tellFigures(`a follower has lost its folder: it writes after ${Math.round(tookMs)} ms`);
    }),
  );

  long.each([
    ["killed", async (client: ClusterAgent) => client.kill(), async (client: ClusterAgent) => client.start()],
    [
      "cut off",
      async (client: ClusterAgent) => client.machine.unplug(),
      async (client: ClusterAgent) => client.machine.plug(),
    ],
  ])(`ends the sessions of a client agent that is %s, and only those${longOnly}`, (what, strike, mend) =>
    onCluster(async (cluster, name) => {
      const [struck, other] = [cluster.client(1), cluster.client(2)];
      for (const client of [struck, other]) await holdLock(client, name);
      const server = cluster.server(1);
      await strike(struck);
      const startMs = performance.now();
      await within(60_000, async () => expect(await criticalNodes(server)).toEqual([struck.name]));
      const tookMs = performance.now() - startMs;
      await within(60_000, async () => expect(await holders(server, name)).toEqual([other.name]));
      await mend(struck);
      await cluster.whole();
      expect(await criticalNodes(server)).toEqual([]);
      tellFigures(`a client agent is ${what}: critical after ${Math.round(tookMs)} ms`);
    }),
  );

  long(`refuses an agent with another cluster key${longOnly}`, () =>
    onCluster(async (cluster) => {
      const stranger = cluster.agentOn(6, false, "-encrypt", "b3RoZXIgb3RoZXIgb3RoZXIgb3RoZXIgb3RoZXIgISE=");
      await stranger.start();
      await within(60_000, async () => {
        expect(await stranger.log()).toMatch(/keys of the two agents differ|join.*fail|refuse/i);
        const logs = await Promise.all(cluster.servers.map((server) => server.log()));
        expect(logs.join("\n")).toContain(stranger.machine.address);
      });
      const { status, text } = await stranger.ask("GET", "/v1/kv/whole");
      expect([status, text]).toEqual([500, "No known Consul servers"]);
      await stranger.kill();
      expect(await cluster.server(1).ask("GET", "/v1/catalog/nodes")).not.toMatchObject({
        text: expect.stringContaining(stranger.name),
      });
    }),
  );
});

function startLoad(cluster: Cluster, name: string): ClusterLoad {
  const load = new ClusterLoad(name, cluster.agents, isConsul);
  load.start();
  return load;
}

async function outlive(fault: Fault, cluster: Cluster, name: string): Promise<void> {
  const load = startLoad(cluster, name);
  const critical = new CriticalNodes(cluster.servers);
  await load.moreWrites(cluster.agents);
  critical.start();
  const { struck, mend } = await fault.strike(cluster);
  const survivors = cluster.servers.filter((server) => !struck.includes(server));
  const tookMs = await load.moreWrites(survivors);
  await load.moreWrites(survivors, writesDuringFault);
  await mend();
  await load.moreWrites(cluster.agents);
  await cluster.whole();
  expect(await load.stop(cluster.servers)).toEqual([]);
  const found = await critical.stop();
  if (isAtLength) expect(cluster.clients.map(({ name }) => name).filter((name) => found.includes(name))).toEqual([]);
  const isStruck = ({ name }: Observed): boolean => struck.some((agent) => agent.name === name);
  const others = load.observed().filter((each) => !isStruck(each));
  const failures = others.map(
    (each) => `${each.name} ${[...each.failures.values()].reduce((sum, count) => sum + count, 0)}`,
  );
  const figures = [
    `writes go on after ${Math.round(tookMs)} ms`,
    `failed writes: ${failures.join(", ")}`,
    `slowest ${slowestOf(others)}`,
    // Its clients wait until it is mended, or as long as any agent holds a write.
    ...(struck.length > 0 ? [`through the struck server ${slowestOf(load.observed().filter(isStruck))}`] : []),
  ];
  tellFigures(`${fault.name}: ${figures.join("; ")}`);
}

function slowestOf(observed: readonly Observed[]): string {
  return `${Math.round(Math.max(...observed.map(({ slowestMs }) => slowestMs)))} ms`;
}

async function identityOf(agent: ClusterAgent): Promise<{ readonly nodeId: string }> {
  const { Config } = await agent.json<{ Config: { NodeID: string } }>("/v1/agent/self");
  return { nodeId: Config.NodeID };
}

/** Locks the agent's key of a trial with a session that depends on its node. */
async function holdLock(agent: ClusterAgent, trial: string): Promise<void> {
  const { text } = await agent.ask("PUT", "/v1/session/create", { body: '{"LockDelay":"0s"}' });
  const { ID } = JSON.parse(text);
  const { text: taken } = await agent.ask("PUT", `/v1/kv/locks/${trial}/${agent.name}?acquire=${ID}`, {
    body: agent.name,
  });
  expect(taken).toBe("true");
}

/** Returns the agents that hold their locks. */
async function holders(agent: ClusterAgent, trial: string): Promise<readonly string[]> {
  const folder = `locks/${trial}/`;
  const keys = await agent.json<readonly { Key: string; Session?: string }[]>(`/v1/kv/${folder}?recurse`);
  return keys.flatMap(({ Key, Session }) => (Session === undefined ? [] : [Key.slice(folder.length)]));
}

async function criticalNodes(agent: ClusterAgent): Promise<readonly string[]> {
  const checks = await agent.json<readonly { Node: string }[]>("/v1/health/state/critical");
  return checks.map(({ Node }) => Node);
}
