import type { Cluster } from "../../test/support/cluster/cluster.ts";
import type { ClusterAgent } from "../../test/support/cluster/cluster-agent.ts";
import { asWritten, BenchClusters, onClientMachine } from "../lib/bench-cluster.ts";
import type { Group, Row } from "../lib/row.ts";
import { newRun, runWrk } from "../lib/wrk.ts";
import { runWrites } from "../lib/writes.ts";
import { clusterCosts } from "./cluster-costs.ts";
import { clusterFaults } from "./cluster-faults.ts";
import { clusterStarts } from "./cluster-starts.ts";

const clusters = new BenchClusters();
const connectionsOfReads = 64;

type Role = "leader" | "follower" | "client";

const through: Readonly<Record<Role, string>> = {
  leader: "through the leader",
  follower: "through a follower",
  client: "through a client agent",
};

/**
 * Benchmark rows of three servers and a client agent, of Praetor and Consul with raft_multiplier 1. Each agent has a network namespace of
 * its own, and so has wrk. Both clusters run at the same time, but only one of them has work.
 */
export const cluster: Group = {
  name: "cluster",
  rows: [
    ...clusterCosts(clusters),
    put({ role: "leader", connections: 64, timesMin: 2 }),
    put({ role: "follower", connections: 64, timesMin: 2 }),
    put({ role: "client", connections: 64, timesMin: 3 }),
    put({ role: "leader", connections: 1, timesMin: 0.8 }),
    read({ name: "default", role: "leader", timesMin: 2.4 }),
    read({ name: "default", role: "follower", timesMin: 2.4 }),
    read({ name: "stale", role: "follower", timesMin: 2.4 }),
    read({ name: "default", role: "client", timesMin: 3 }),
    ...clusterFaults(clusters),
    ...clusterStarts(clusters),
  ],
  finish: () => clusters.stop(),
};

/** The fields of each row of this group: its cluster starts with the group's first row and ends with the last one. */
function row({ name, title, timesMin }: { readonly name: string; readonly title: string; readonly timesMin: number }) {
  return {
    ...{ name: `cluster-${name}`, title: `three servers: ${title}`, unit: "requests/s", better: "higher" },
    goal: { kind: "times", timesMin },
    startsItself: true,
    prepare: async (contender) => void (await clusters.of(contender)),
  } satisfies Omit<Row, "measure">;
}

interface Putting {
  readonly role: Role;
  readonly connections: number;
  readonly timesMin: number;
}

function put({ role, connections, timesMin }: Putting): Row {
  const many = connections === 1 ? "1 connection" : `${connections} connections`;
  return {
    ...row({ name: `put-${role}-${connections}`, title: `durable write of a key ${through[role]}, ${many}`, timesMin }),
    async measure(contender, seconds) {
      const cluster = await clusters.of(contender);
      return runWrites(asWritten(await agentOf(cluster, role)), {
        ...{ connections, seconds, script: "put-keys.lua", words: [newRun()], before: onClientMachine(cluster) },
      });
    },
  };
}

interface Reading {
  readonly name: "default" | "stale";
  readonly role: Role;
  readonly timesMin: number;
}

function read({ name, role, timesMin }: Reading): Row {
  const what = name === "default" ? "read a key" : "read a key (`?stale`)";
  return {
    ...row({
      name: `get-${role}-${name}`,
      title: `${what} ${through[role]}, ${connectionsOfReads} connections`,
      timesMin,
    }),
    async prepare(contender) {
      const { servers } = await clusters.of(contender);
      await asWritten(servers[0] as ClusterAgent).put("/v1/kv/bench/read", "x".repeat(126));
    },
    async measure(contender, seconds) {
      const cluster = await clusters.of(contender);
      const agent = await agentOf(cluster, role);
      const url = `${agent.url}/v1/kv/bench/read${name === "stale" ? "?stale" : ""}`;
      return runWrk(url, { connections: connectionsOfReads, seconds, before: onClientMachine(cluster) });
    },
  };
}

async function agentOf(cluster: Cluster, role: Role): Promise<ClusterAgent> {
  switch (role) {
    case "leader":
      return cluster.leader();
    case "client":
      return cluster.client(1);
    case "follower": {
      const [follower] = await cluster.followers();
      return follower ?? cluster.server(1);
    }
  }
}
