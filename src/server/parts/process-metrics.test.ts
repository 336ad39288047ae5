import { expect, test } from "bun:test";
import { Metrics } from "../../lib/metrics.ts";
import type { ClusterView } from "../../registry/cluster-view.ts";
import { contactSampler } from "./process-metrics.ts";

test("the leader of a cluster samples the lateness of each other server, and a server that stands alone samples nothing", () => {
  const metrics = new Metrics(0);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the sampler reads these two only
  const clusterWith = (isAlone: boolean) => ({ isAlone, latenessMs: [0, 250] }) as unknown as ClusterView;
  contactSampler(metrics, clusterWith(true))();
  expect(metrics.lastInterval().samples).toEqual([]);
  contactSampler(metrics, clusterWith(false))();
  expect(metrics.lastInterval().samples).toMatchObject([
    { name: "consul.raft.leader.lastContact", count: 2, min: 0, max: 250 },
  ]);
});
