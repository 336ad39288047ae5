import { Agent, type AgentOptions } from "../../src/agent/agent.ts";
import { createAliasSource } from "../../src/agent/alias-source.ts";
import { RunningChecks } from "../../src/checks/running-checks.ts";
import { MemoryStore, openMemoryEngine } from "../../src/engine/memory/memory-engine.ts";
import { createLog, type LogSettings } from "../../src/lib/log.ts";
import type { CheckDefinition } from "../../src/model/check.ts";
import type { ServiceDefinition } from "../../src/model/service.ts";
import { CheckOutputs } from "../../src/registry/check-outputs.ts";
import { LocalRows } from "../../src/registry/local-rows.ts";
import { NodeCatalog } from "../../src/registry/node-catalog.ts";
import { Store } from "../../src/registry/store.ts";
import { getCheck, servicesOfNode } from "../../src/state/lookup.ts";
import { openState } from "../../src/state/open-state.ts";
import { FailingEngine } from "./failing-engine.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeRandom } from "./fake-random.ts";
import { nodeNamed, serviceNamed } from "./state.ts";
import { defaultHistoryPolicy } from "./history.ts";

export interface TestAgent {
  readonly agent: Agent;
  readonly store: Store;
  readonly outputs: CheckOutputs;
  readonly engine: FailingEngine;
  readonly disk: MemoryStore;
  readonly clock: FakeClock;
  readonly log: string[];
  /** Returns the status of a check in the catalog, such as "passing"; undefined when the catalog lacks the check. */
  readonly statusInCatalog: (checkId: string) => string | undefined;
  /** Returns the ids of the services that the catalog has for the agent's node. */
  readonly servicesInCatalog: () => string[];
  /** Starts another agent from the rows committed so far. This agent keeps running. */
  readonly restarted: () => Promise<TestAgent>;
}

/** Starts an agent of node "n1" that runs checks, with a catalog in memory and a clock that only the test moves. */
export async function startTestAgent(
  options: Partial<AgentOptions> & { readonly disk?: MemoryStore } = {},
): Promise<TestAgent> {
  const { disk = new MemoryStore(), ...given } = options;
  const opened = openMemoryEngine(disk);
  const { state, local } = openState(opened.rows, opened.revision);
  const engine = new FailingEngine(opened.engine);
  const clock = new FakeClock();
  const store = new Store(engine, state, { clock, history: defaultHistoryPolicy });
  const outputs = new CheckOutputs();
  const catalog = new NodeCatalog(store, { localRows: new LocalRows(store), outputs, node: "n1" });
  const log: string[] = [];
  const settings: LogSettings = { level: "debug", json: false, clock, sink: (line) => void log.push(line) };
  const agent = new Agent({
    node: nodeNamed("n1"),
    catalog,
    clock,
    log: createLog(settings, "agent"),
    reserved: new Set(["consul", "serfHealth"]),
    scripts: { fromApi: false, fromFiles: false },
    discardOutput: false,
    sidecarPorts: { first: 21_000, last: 21_255 },
    ...given,
  });
  await agent.restore(local);
  const platform = { clock, random: new FakeRandom() };
  const report = agent.checkResult.bind(agent);
  agent.startChecks(new RunningChecks({ platform, aliasSource: createAliasSource(agent), report }));
  return {
    ...{ agent, store, outputs, engine, disk, clock, log },
    statusInCatalog: (checkId) => getCheck(store.state, "n1", checkId)?.status,
    servicesInCatalog: () => servicesOfNode(store.state, "n1").map((service) => service.id),
    restarted: () => startTestAgent({ ...given, disk }),
  };
}

/** Returns the definition of a TTL check that expires in no test, because its TTL is longer than any test. */
export function ttlCheck(id: string, changes: Partial<CheckDefinition> = {}): CheckDefinition {
  return {
    id,
    name: id,
    notes: "",
    serviceId: "",
    initialStatus: "critical",
    method: { kind: "ttl", ttlMs: 1e9 },
    successBeforePassing: 0,
    failuresBeforeCritical: 0,
    deregisterCriticalServiceAfterMs: 0,
    outputBytesMax: 4096,
    ...changes,
  };
}

/** Returns the definition of a service that has one TTL check for each id. */
export function serviceWith(
  name: string,
  checkIds: readonly string[],
  changes: Partial<ServiceDefinition["service"]> = {},
): ServiceDefinition {
  const service = serviceNamed(name, changes);
  return { service, checks: checkIds.map((id) => ttlCheck(id, { serviceId: service.id })) };
}
