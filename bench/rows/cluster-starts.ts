import type { Cluster } from "../../test/support/cluster/cluster.ts";
import { forEachAtOnce, numbersBelow } from "../lib/at-once.ts";
import { type BenchClusters, prepareCluster, untilWritten } from "../lib/bench-cluster.ts";
import { entriesOf } from "../lib/contents.ts";
import type { Contender } from "../lib/contender.ts";
import type { Figure, Row } from "../lib/row.ts";
import { until } from "../lib/until.ts";

const clients = 20;
const services = 1_000;
let renumberings = 0;

/** Benchmark rows of the starts of a whole cluster, and of one with many client agents. */
export function clusterStarts(clusters: BenchClusters): readonly Row[] {
  const row = (
    name: string,
    what: { readonly title: string; readonly timesMin: number; readonly measure: Row["measure"] },
  ): Row => ({
    ...{ name: `cluster-${name}`, title: `three servers: ${what.title}`, unit: "ms", better: "lower" },
    ...{ goal: { kind: "times", timesMin: what.timesMin }, startsItself: true, measure: what.measure },
  });
  return [
    row("restart", {
      title: "all killed and started again, to the first write",
      timesMin: 2,
      measure: async (contender) => restarted(await clusters.of(contender), async () => {}),
    }),
    row("renumber", {
      title: "all killed and started again with new addresses, to the first write",
      timesMin: 1,
      measure: async (contender) => restarted(await clusters.of(contender), renumber),
    }),
    row("start", { title: "from nothing to the first write", timesMin: 1.5, measure: measureStart }),
    {
      ...row("registrations", {
        title: `${services.toLocaleString("en")} services through ${clients} client agents, until the catalog has all`,
        timesMin: 3,
        measure: measureRegistrations,
      }),
      ...{ unit: "services/s", better: "higher" },
    },
  ];
}

async function restarted(cluster: Cluster, meanwhile: (cluster: Cluster) => Promise<void>): Promise<Figure> {
  await cluster.whole();
  await Promise.all(cluster.agents.map((agent) => agent.kill()));
  await meanwhile(cluster);
  const startMs = performance.now();
  for (const server of cluster.servers) await server.start();
  await untilWritten(cluster.servers);
  const value = performance.now() - startMs;
  for (const client of cluster.clients) await client.start();
  await cluster.whole();
  return { value };
}

async function renumber({ servers }: Cluster): Promise<void> {
  for (const { machine } of servers) {
    renumberings += 1;
    await machine.readdress(`10.99.0.${100 + (renumberings % 150)}`);
  }
}

async function measureStart(contender: Contender): Promise<Figure> {
  const cluster = await prepareCluster(contender, 0);
  try {
    const startMs = performance.now();
    for (const server of cluster.servers) await server.start();
    await untilWritten(cluster.servers);
    return { value: performance.now() - startMs };
  } finally {
    await cluster[Symbol.asyncDispose]();
  }
}

async function measureRegistrations(contender: Contender): Promise<Figure> {
  const cluster = await prepareCluster(contender, clients);
  try {
    await Promise.all(cluster.agents.map((agent) => agent.start()));
    await cluster.whole();
    const startMs = performance.now();
    await forEachAtOnce(
      numbersBelow(services),
      async (service) => {
        const client = cluster.client(1 + (service % clients));
        const body = JSON.stringify({
          Name: `device-${service}`,
          Port: 8_080,
          Check: { TTL: "24h", Status: "passing" },
        });
        const { status, text } = await client.ask("PUT", "/v1/agent/service/register", { body });
        if (status !== 200) throw new Error(`${client.name}: ${status} ${text}`);
      },
      clients,
    );
    const server = cluster.server(1);
    await until("the catalog has all services", { withinMs: 120_000, everyMs: 20 }, async () => {
      const { text } = await server.ask("GET", "/v1/catalog/services");
      return entriesOf(text) === services + 1; // with `consul`
    });
    return { value: (services * 1_000) / (performance.now() - startMs) };
  } finally {
    await cluster[Symbol.asyncDispose]();
  }
}
