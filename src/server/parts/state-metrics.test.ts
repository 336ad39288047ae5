import { expect, test } from "bun:test";
import { recordOf } from "../../../test/support/port-record.ts";
import { checkNamed, keySet, nodeNamed, serviceNamed } from "../../../test/support/state.ts";
import { openTestStore } from "../../../test/support/store.ts";
import { Metrics } from "../../lib/metrics.ts";
import { portRecordBytes, portRecordKey } from "../../ports/port-records.ts";
import { register } from "../../registry/catalog.ts";
import type { Store } from "../../registry/store.ts";
import { addStateGauges } from "./state-metrics.ts";

function gaugesOf(metrics: Metrics): Readonly<Record<string, number>> {
  const gauges = metrics.lastInterval().gauges;
  return Object.fromEntries(
    gauges.map(({ name, labels, value }) => [[name, ...Object.values(labels)].join(" "), value]),
  );
}

async function addInstance(store: Store, node: string, status: "passing" | "critical"): Promise<void> {
  const check = checkNamed("alive", { serviceId: "web", status });
  await register(store, {
    node: nodeNamed(node),
    skipNodeUpdate: false,
    service: serviceNamed("web"),
    checks: [check],
  });
}

test("the gauges of the state count nodes, services, checks, keys and ports", async () => {
  const { store, engine } = openTestStore();
  const metrics = new Metrics(0);
  addStateGauges(metrics, store);
  expect(gaugesOf(metrics)).toMatchObject({ "consul.state.services": 0, "praetor.store.writable": 1 });
  await addInstance(store, "n1", "passing");
  await addInstance(store, "n2", "critical");
  const record = recordOf({ service: "web", state: "pending" });
  await store.submit(keySet(portRecordKey("web"), new TextDecoder().decode(portRecordBytes(record))));
  engine.fail();
  await store.submit(keySet("a", "1")).catch(() => {});
  expect(gaugesOf(metrics)).toMatchObject({
    ...{ "consul.state.nodes": 2, "consul.state.services": 1, "consul.state.service_instances": 2 },
    ...{ "consul.state.kv_entries": 1, "praetor.services critical": 1, "praetor.services passing": 0 },
    ...{ "praetor.checks passing": 1, "praetor.checks warning": 0, "praetor.checks critical": 1 },
    ...{ "praetor.ports pending": 1, "praetor.ports active": 0, "praetor.store.writable": 0 },
  });
});

test("the gauges follow each change, and read a state that does not change once", async () => {
  const { store } = openTestStore();
  const metrics = new Metrics(0);
  addStateGauges(metrics, store);
  await addInstance(store, "n1", "critical");
  expect(gaugesOf(metrics)).toMatchObject({ "praetor.services critical": 1 });
  await addInstance(store, "n1", "passing");
  expect(gaugesOf(metrics)).toMatchObject({ "praetor.services critical": 0, "praetor.services passing": 1 });
  const { checks } = store.state;
  const values = checks.values.bind(checks);
  let reads = 0;
  Object.defineProperty(checks, "values", { value: () => ((reads += 1), values()) });
  gaugesOf(metrics);
  expect(reads).toBe(0);
});
