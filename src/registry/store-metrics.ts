import type { Clock } from "../lib/clock.ts";
import type { Meter, Metrics } from "../lib/metrics.ts";
import type { Command } from "../state/command.ts";
import type { StoreMeter } from "./write-queue.ts";

/** Returns a meter that records the durations of commands and batches under Consul's metric names. */
export function meterStore(metrics: Metrics, clock: Clock): StoreMeter {
  const submitted = submittedMeters(metrics);
  const applied = appliedMeters(metrics);
  const applyEach = metrics.sample("consul.raft.fsm.apply");
  const applies = metrics.counter("consul.raft.apply");
  const refusals = metrics.counter("praetor.store.refused");
  const commits = metrics.sample("consul.raft.commitTime");
  return {
    now: () => clock.monotonicMs(),
    applied(type, ms) {
      applied[type]?.add(ms);
      applyEach.add(ms);
      applies.add(1);
    },
    committed: (ms) => commits.add(ms),
    refused: () => refusals.add(1),
    submitted: (type, ms) => submitted[type]?.add(ms),
  };
}

type Meters = { readonly [Type in Command["type"]]?: Meter };

/** Returns the meters of the time from a command's request to its outcome, by type of command. */
function submittedMeters(metrics: Metrics): Meters {
  const kvs = metrics.sample("consul.kvs.apply");
  const sessions = metrics.sample("consul.session.apply");
  const queries = metrics.sample("consul.prepared-query.apply");
  return {
    "kv-set": kvs,
    "kv-delete": kvs,
    "kv-delete-tree": kvs,
    "kv-lock": kvs,
    "kv-unlock": kvs,
    "kv-set-branch": kvs,
    "kv-delete-branch": kvs,
    "session-create": sessions,
    "session-destroy": sessions,
    "prepared-query-put": queries,
    "prepared-query-delete": queries,
    txn: metrics.sample("consul.txn.apply"),
    register: metrics.sample("consul.catalog.register"),
    deregister: metrics.sample("consul.catalog.deregister"),
  };
}

/** Returns the meters of the time that a command takes in the state machine alone, by type of command. */
function appliedMeters(metrics: Metrics): Meters {
  return {
    "kv-set": metrics.sample("consul.fsm.kvs", { op: "set" }),
    "kv-delete": metrics.sample("consul.fsm.kvs", { op: "delete" }),
    "kv-delete-tree": metrics.sample("consul.fsm.kvs", { op: "delete-tree" }),
    "kv-lock": metrics.sample("consul.fsm.kvs", { op: "lock" }),
    "kv-unlock": metrics.sample("consul.fsm.kvs", { op: "unlock" }),
    "kv-set-branch": metrics.sample("consul.fsm.kvs", { op: "set" }),
    "kv-delete-branch": metrics.sample("consul.fsm.kvs", { op: "delete-tree" }),
    "session-create": metrics.sample("consul.fsm.session", { op: "create" }),
    "session-destroy": metrics.sample("consul.fsm.session", { op: "destroy" }),
    txn: metrics.sample("consul.fsm.txn"),
    register: metrics.sample("consul.fsm.register"),
    deregister: metrics.sample("consul.fsm.deregister"),
  };
}
