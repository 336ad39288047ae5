import { sleep, type Clock } from "../../lib/clock.ts";
import { intervalMs, type Metrics } from "../../lib/metrics.ts";
import type { SessionTtls } from "../../registry/session-ttls.ts";
import type { Registry } from "../../registry/registry.ts";

interface Gauged {
  readonly store: Registry;
  readonly sessionTtls: SessionTtls;
}

/** Adds the gauges of the process and of the state. Gauges of Consul that apply to a single server have Consul's names. */
export function addGauges(metrics: Metrics, { store, sessionTtls }: Gauged): void {
  metrics.gauge("consul.autopilot.failure_tolerance", () => 0);
  metrics.gauge("consul.autopilot.healthy", () => 1);
  metrics.gauge("consul.raft.applied_index", () => store.state.index);
  metrics.gauge("consul.raft.last_index", () => store.state.index);
  addProcessGauges(metrics);
  metrics.gauge("consul.session_ttl.active", () => sessionTtls.active);
  // Consul: a single server counts one won election.
  metrics.counter("consul.raft.state.leader").add(1);
}

export function addProcessGauges(metrics: Metrics): void {
  metrics.gauge("consul.runtime.alloc_bytes", () => process.memoryUsage().heapUsed);
  metrics.gauge("consul.runtime.sys_bytes", () => process.memoryUsage().rss);
}

/** Ends each aggregation interval of the metrics when its time is over, until `signal` aborts. */
export async function runIntervals(metrics: Metrics, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(clock, intervalMs - (clock.wallMs() % intervalMs), signal);
    if (!signal.aborted) metrics.endInterval(clock.wallMs());
  }
}
