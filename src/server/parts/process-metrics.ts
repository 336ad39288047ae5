import type { RuntimeConfig } from "../../config/runtime-config.ts";
import { unguardedAddresses } from "../../config/unguarded.ts";
import { sleep, type Clock } from "../../lib/clock.ts";
import { intervalMs, type Metrics } from "../../lib/metrics.ts";
import type { SessionTtls } from "../../registry/session-ttls.ts";
import type { ClusterView } from "../../registry/cluster-view.ts";
import type { Registry } from "../../registry/registry.ts";
import { addStateGauges } from "./state-metrics.ts";

interface Gauged {
  readonly config: RuntimeConfig;
  readonly store: Registry;
  readonly sessionTtls: SessionTtls;
  readonly cluster: ClusterView;
}

/** Adds the gauges of the process, of the state and of the cluster. Those that Consul has, too, have Consul's names. */
export function addGauges(metrics: Metrics, { config, store, sessionTtls, cluster }: Gauged): void {
  // Consul: the leader alone has these two.
  metrics.gauge("consul.autopilot.failure_tolerance", () => cluster.judgement?.failureTolerance);
  metrics.gauge("consul.autopilot.healthy", () => cluster.judgement && Number(cluster.judgement.isHealthy));
  metrics.gauge("consul.raft.applied_index", () => store.state.index);
  metrics.gauge("consul.raft.last_index", () => store.state.index);
  addProcessGauges(metrics, config);
  addStateGauges(metrics, store);
  sampleContact(metrics, cluster);
  metrics.gauge("consul.session_ttl.active", () => sessionTtls.active);
  // Consul: a single server counts one won election.
  const elections = metrics.counter("consul.raft.state.leader");
  const countElection = (): void => {
    if (store.leads) elections.add(1);
  };
  countElection();
  store.onRole(countElection);
}

export function addProcessGauges(metrics: Metrics, config: RuntimeConfig): void {
  metrics.gauge("praetor.acl.unguarded_addresses", () => unguardedAddresses(config).length);
  metrics.gauge("consul.runtime.alloc_bytes", () => process.memoryUsage().heapUsed);
  metrics.gauge("consul.runtime.sys_bytes", () => process.memoryUsage().rss);
}

/**
 * Samples how late the other servers' signs of life are, on the leader, at the end of each interval. Consul samples the time since
 * each follower answered a heartbeat of Raft, of which there are many a second; here a server that lives is heard once a second.
 */
export function sampleContact(metrics: Metrics, cluster: ClusterView): void {
  if (cluster.isAlone) return;
  const contact = metrics.sample("consul.raft.leader.lastContact");
  metrics.beforeEnd(() => {
    for (const ms of cluster.latenessMs) contact.add(ms);
  });
}

/** Ends each aggregation interval of the metrics when its time is over, until `signal` aborts. */
export async function runIntervals(metrics: Metrics, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(clock, intervalMs - (clock.wallMs() % intervalMs), signal);
    if (!signal.aborted) metrics.endInterval(clock.wallMs());
  }
}
