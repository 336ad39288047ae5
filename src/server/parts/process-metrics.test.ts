import { expect, test } from "bun:test";
import { Metrics } from "../../lib/metrics.ts";
import type { ClusterView } from "../../registry/cluster-view.ts";
import { sampleContact } from "./process-metrics.ts";

test("the leader of a cluster samples the lateness of each other server, and a server that stands alone samples nothing", () => {
  const metrics = new Metrics(0);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the sampler reads these two only
  const clusterWith = (isAlone: boolean) => ({ isAlone, latenessMs: [0, 250] }) as unknown as ClusterView;
  sampleContact(metrics, clusterWith(true));
  metrics.endInterval(10_000);
  expect(metrics.lastInterval().samples).toEqual([]);
  sampleContact(metrics, clusterWith(false));
  metrics.endInterval(20_000);
  expect(metrics.lastInterval().samples).toMatchObject([
    { name: "consul.raft.leader.lastContact", count: 2, min: 0, max: 250 },
  ]);
});
