import type { Cluster } from "../../test/support/cluster/cluster.ts";
import type { ClusterAgent } from "../../test/support/cluster/cluster-agent.ts";
import { type BenchClusters, serverUsedBy, untilWritten } from "../lib/bench-cluster.ts";
import type { Goal, Row } from "../lib/row.ts";
import { until } from "../lib/until.ts";

interface Timed {
  readonly name: string;
  readonly title: string;
  readonly goal: Goal;
  /** Strikes the cluster, returns the milliseconds that are measured, and mends the cluster. */
  readonly time: (cluster: Cluster) => Promise<number>;
}

const usesMax = 15;

/** Benchmark rows of the time for which a fault of one agent is felt. */
export function clusterFaults(clusters: BenchClusters): readonly Row[] {
  const row = ({ name, title, goal, time }: Timed): Row => ({
    ...{ name: `cluster-${name}`, title: `three servers: ${title}`, unit: "ms", better: "lower", goal },
    startsItself: true,
    prepare: async (contender) => void (await clusters.of(contender)),
    async measure(contender) {
      const cluster = await clusters.of(contender);
      await cluster.whole();
      const value = await time(cluster);
      await cluster.whole();
      return { value };
    },
  });
  return [
    row({
      name: "leader-killed",
      title: "from the leader's death to the next write",
      goal: { kind: "below", valueMax: 1_500 },
      time: (cluster) => untilServersWrite(cluster, death),
    }),
    row({
      name: "leader-unplugged",
      title: "from the end of the leader's network to the next write",
      goal: { kind: "below", valueMax: 4_500 },
      time: (cluster) => untilServersWrite(cluster, noNetwork),
    }),
    row({
      name: "client-server-killed",
      title: "from the death of the follower that a client agent uses to its next write",
      goal: { kind: "below", valueMax: 3_000 },
      time: (cluster) => untilClientWrites(cluster, death),
    }),
    row({
      name: "client-server-unplugged",
      title: "from the end of the network of the follower that a client agent uses to its next write",
      goal: { kind: "below", valueMax: 4_500 },
      time: (cluster) => untilClientWrites(cluster, noNetwork),
    }),
    row({
      name: "client-killed",
      title: "from a client agent's death to its critical serfHealth",
      goal: { kind: "below", valueMax: 4_500 },
      async time(cluster) {
        const client = cluster.client(1);
        await client.kill();
        const startMs = performance.now();
        const server = cluster.server(1);
        await until("the client agent is critical", { withinMs: 60_000, everyMs: 10 }, async () => {
          const { text } = await server.ask("GET", "/v1/health/state/critical");
          return text.includes(`"${client.name}"`);
        });
        const tookMs = performance.now() - startMs;
        await client.start();
        return tookMs;
      },
    }),
  ];
}

/** A way in which a cluster loses a server, and gets it back. */
interface Loss {
  readonly lose: (server: ClusterAgent) => Promise<unknown>;
  readonly restore: (server: ClusterAgent) => Promise<unknown>;
}

const death: Loss = { lose: (server) => server.kill(), restore: (server) => server.start() };
const noNetwork: Loss = { lose: ({ machine }) => machine.unplug(), restore: ({ machine }) => machine.plug() };

/** Returns the milliseconds from the loss of the leader until the other servers take writes. */
async function untilServersWrite(cluster: Cluster, loss: Loss): Promise<number> {
  const leader = await cluster.leader();
  const others = cluster.servers.filter((server) => server !== leader);
  return untilWrittenWithout(leader, others, loss);
}

/** Returns the milliseconds from the loss of the follower that a client agent uses until that agent takes writes. */
async function untilClientWrites(cluster: Cluster, loss: Loss): Promise<number> {
  const client = cluster.client(1);
  return untilWrittenWithout(await followerUsedBy(cluster, client), [client], loss);
}

async function untilWrittenWithout(
  server: ClusterAgent,
  writers: readonly ClusterAgent[],
  { lose, restore }: Loss,
): Promise<number> {
  await lose(server);
  const tookMs = await untilWritten(writers);
  await restore(server);
  return tookMs;
}

/** Returns the server that a client agent uses. If that is the leader, it is started again first, so that it leads no longer. */
async function followerUsedBy(cluster: Cluster, client: ClusterAgent): Promise<ClusterAgent> {
  for (let look = 0; look < usesMax; look += 1) {
    await client.ask("GET", "/v1/catalog/nodes");
    const [used, leader] = [await serverUsedBy(cluster, client), await cluster.leader()];
    if (used !== undefined && used !== leader) return used;
    await leader.kill();
    await untilWritten(cluster.servers.filter((server) => server !== leader));
    await leader.start();
    await cluster.whole();
  }
  throw new Error("the client agent uses the leader, whichever server leads");
}
