import type { Metrics } from "../../lib/metrics.ts";
import { checkStatuses } from "../../model/check.ts";
import { healthStatuses } from "../../model/health-status.ts";
import { portStates } from "../../model/port-record.ts";
import { portRecordList } from "../../ports/port-records.ts";
import { catalogOverview } from "../../registry/catalog-overview.ts";
import type { Query } from "../../registry/query.ts";
import type { Registry } from "../../registry/registry.ts";
import type { State } from "../../state/state.ts";

/*
 * The gauges of the catalog and the keys, those of Consul 1.9 and later under Consul's names. They count, and name nothing: a token
 * that reads the agent's metrics need not read its services.
 */

type StateReader = Pick<Registry, "state" | "refusal">;

export function addStateGauges(metrics: Metrics, store: StateReader): void {
  metrics.gauge("praetor.store.writable", () => Number(store.refusal === undefined));
  metrics.gauge("consul.state.kv_entries", () => store.state.kv.size);
  metrics.gauge("praetor.kv_history.changes", () => store.state.kvChanges.size);
  metrics.gauge("praetor.kv_history.bytes", () => store.state.kvHistoryBytes);
  const overview = once(store, catalogOverview(), (state) => [state.nodes, state.serviceInstances, state.checks]);
  metrics.gauge("consul.state.nodes", () => overview().nodes);
  metrics.gauge("consul.state.service_instances", () => overview().instances);
  metrics.gauge("consul.state.services", () => Object.values(overview().services).reduce((sum, each) => sum + each, 0));
  for (const status of healthStatuses) metrics.gauge("praetor.services", () => overview().services[status], { status });
  const checks = once(store, { read: countChecks }, (state) => [state.checks]);
  for (const status of checkStatuses) metrics.gauge("praetor.checks", () => checks().get(status) ?? 0, { status });
  const ports = once(store, portRecordList(), (state) => [state.kv]);
  for (const state of portStates)
    metrics.gauge("praetor.ports", () => ports().filter((record) => record.state === state).length, { state });
}

/**
 * Returns a function that reads a query anew only when one of the tables has changed, which are immutable values: an idle agent reads
 * its gauges every ten seconds.
 */
function once<T>(
  store: StateReader,
  { read }: Pick<Query<T>, "read">,
  tables: (state: State) => readonly object[],
): () => T {
  let kept: { readonly of: readonly object[]; readonly value: T } | undefined;
  return () => {
    const { state } = store;
    const of = tables(state);
    if (!kept || of.some((table, at) => table !== kept?.of[at])) kept = { of, value: read(state) };
    return kept.value;
  };
}

function countChecks(state: State): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { status } of state.checks.values()) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}
