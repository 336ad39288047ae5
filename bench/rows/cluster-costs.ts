import type { BenchClusters } from "../lib/bench-cluster.ts";
import type { Contender } from "../lib/contender.ts";
import { measuredOnce } from "../lib/measured-once.ts";
import { memoryOf, type Memory } from "../lib/process-memory.ts";
import { usageOf, type Usage } from "../lib/process-usage.ts";
import type { Row } from "../lib/row.ts";

const settleMs = 10_000;
const minuteMs = 60_000;

interface Costs {
  readonly client: Memory;
  /** The server with the most memory. */
  readonly server: Memory;
  /** All servers together, in the minute. */
  readonly used: Usage;
}

/** Benchmark rows of a cluster at rest, which has just been started. Both clusters are measured in the same minute. */
export function clusterCosts(clusters: BenchClusters): readonly Row[] {
  const costsOf = measuredOnce(async (contender: Contender): Promise<Costs> => {
    const { servers, clients } = await clusters.of(contender);
    await Bun.sleep(settleMs);
    const server = servers.map(({ pid }) => memoryOf(pid)).toSorted((a, b) => b.resident - a.resident)[0];
    const client = clients.map(({ pid }) => memoryOf(pid))[0];
    if (server === undefined || client === undefined) throw new Error("the cluster has too few agents");
    const before = servers.map(({ pid }) => usageOf(pid));
    await Bun.sleep(minuteMs);
    const after = servers.map(({ pid }) => usageOf(pid));
    const rise = (field: keyof Usage): number =>
      after.reduce((total, usage, at) => total + usage[field] - (before[at]?.[field] ?? 0), 0);
    return { client, server, used: { processorMs: rise("processorMs"), writtenBytes: rise("writtenBytes") } };
  });
  const row = (name: string, what: { title: string; unit: string; of: (costs: Costs) => number }): Row => ({
    ...{ name: `cluster-${name}`, title: `three servers: ${what.title}`, unit: what.unit, better: "lower" },
    ...{ goal: { kind: "times", timesMin: 1 }, startsItself: true },
    async prepare(contender) {
      costsOf(contender).catch(() => {}); // measure() reports the error
    },
    measure: async (contender) => ({ value: what.of(await costsOf(contender)) }),
  });
  const memory = (name: string, title: string, of: (costs: Costs) => Memory): readonly Row[] => [
    row(`${name}-resident`, { title: `memory of ${title}, resident`, unit: "MiB", of: (costs) => of(costs).resident }),
    row(`${name}-proportional`, {
      title: `memory of ${title}, shared pages in parts`,
      unit: "MiB",
      of: (costs) => of(costs).proportional,
    }),
    row(`${name}-anonymous`, {
      title: `memory of ${title}, anonymous`,
      unit: "MiB",
      of: (costs) => of(costs).anonymous,
    }),
  ];
  return [
    ...memory("memory-client", "a client agent at rest", ({ client }) => client),
    ...memory("memory-server", "a server at rest, Praetor's with its etcd", ({ server }) => server),
    row("idle-written", {
      title: "a minute without requests: written to the disks",
      unit: "KiB",
      of: ({ used }) => used.writtenBytes / 1_024,
    }),
    row("idle-processor", {
      title: "the same minute: processor time of the servers",
      unit: "ms",
      of: ({ used }) => used.processorMs,
    }),
  ];
}
