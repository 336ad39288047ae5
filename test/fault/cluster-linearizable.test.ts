import { expect, onTestFinished, test } from "bun:test";
import { atLength, isAtLength, longOnly } from "../support/at-length.ts";
import { Cluster } from "../support/cluster/cluster.ts";
import { ClusterLine } from "../support/cluster/cluster-line.ts";
import { type Fault, faults, leaderKilled, leaderSuspended, leaderUnplugged } from "../support/cluster/faults.ts";
import { cannotMakeNetwork } from "../support/cluster/network.ts";
import { FakeRandom } from "../support/fake-random.ts";
import {
  type Fault as Lie,
  faultyLine,
  refusalsCalledDone,
  staleReads,
} from "../support/linearizability/faulty-line.ts";
import { CatalogTrial, catalogInstances } from "../support/linearizability/catalog-trial.ts";
import { KvTrial } from "../support/linearizability/kv-trial.ts";
import type { Line } from "../support/linearizability/line.ts";
import { Workload } from "../support/linearizability/workload.ts";
import { tellFigures, tellProgress } from "../support/progress.ts";
import { programOf } from "../support/target.ts";

const seed = Number(process.env["SEED"] ?? 1);
const operations = Number(process.env["OPERATIONS"] ?? atLength({ short: 4_000, long: 50_000 }));
const faultCount = Number(process.env["FAULTS"] ?? atLength({ short: 2, long: 20 }));
const clients = 32;
const operationsOfALie = 3_000;

const target = process.env["CONFORMANCE_TARGET"] ?? "praetor";
const skipped = cannotMakeNetwork === undefined ? "" : ` (skipped: ${cannotMakeNetwork})`;
const chosen = (isAtLength ? faults : [leaderKilled, leaderUnplugged, leaderSuspended]).filter(
  ({ needsEtcd }) => needsEtcd !== true || target !== "consul",
);

test.skipIf(skipped !== "")(
  `three servers with ${faultCount} faults under ${clients} clients and ${operations} operations are linearizable (SEED=${seed})${skipped}`,
  async () => {
    const cluster = await startedCluster();
    const workload = workloadOn(cluster, operations);
    const random = new FakeRandom(seed);
    const told: string[] = [];
    const finished = workload.run();
    for (let number = 0; number < faultCount; number++) {
      const fault = chosen[Math.floor(random.uniform() * chosen.length)];
      if (fault === undefined) throw new Error("no faults");
      const after = (operations * (number + random.uniform())) / faultCount;
      while (workload.sent < after) {
        tellProgress(() => `${workload.sent} operations, ${number} faults`);
        await Bun.sleep(5);
      }
      told.push(fault.name);
      await strike(fault, { cluster, workload, random });
    }
    await finished;
    const violations = workload.violations();
    if (violations.length > 0)
      throw new Error(`${violations.length} violations with SEED=${seed}: ${violations.slice(0, 3).join("\n\n")}`);
    tellFigures(
      `${workload.operationCount} operations by ${clients} clients through three servers: one order explains all`,
    );
    for (const [name, times] of Map.groupBy(told, (name) => name)) tellFigures(`${times.length} times: ${name}`);
  },
);

// The short form of linearizable.test.ts tries the checker with the same lies.
test.skipIf(skipped !== "" || !isAtLength).each([
  ["sometimes answers a read with an old value", staleReads],
  ["sometimes lets two check-and-sets succeed", () => refusalsCalledDone("cas")],
] as const)(`the checker reports a cluster that %s${skipped || longOnly}`, async (_, lie) => {
  const cluster = await startedCluster();
  const workload = workloadOn(cluster, operationsOfALie, lie());
  await workload.run();
  expect(workload.violations().join("\n")).toMatch(/no order of .* explains /);
});

async function startedCluster(): Promise<Cluster> {
  const cluster = await Cluster.start({ program: programOf(target) });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  await cluster.whole();
  return cluster;
}

/** Returns clients that ask one server after the other. With a lie, they receive wrong answers. */
function workloadOn({ servers }: Cluster, operations: number, lie?: Lie): Workload {
  let lines = 0;
  const openLine = (): Line => {
    lines += 1;
    const line = new ClusterLine(servers, lines);
    return lie === undefined ? line : faultyLine(line, lie);
  };
  return new Workload(openLine, {
    ...{ seed, clients, operations },
    trial: (at) => (at % 5 === 0 ? new CatalogTrial(`linear-${at}`, catalogInstances) : new KvTrial(`linear-${at}`)),
  });
}

interface Scene {
  readonly cluster: Cluster;
  readonly workload: Workload;
  readonly random: FakeRandom;
}

/** Lets the clients send some requests between the fault and its end, and resolves when the cluster has no fault again. */
async function strike(fault: Fault, { cluster, workload, random }: Scene): Promise<void> {
  await cluster.leader();
  const { mend } = await fault.strike(cluster);
  const meanwhile = workload.sent + clients + random.uniform() * clients * 4;
  while (workload.sent < Math.min(meanwhile, operations)) await Bun.sleep(5);
  await mend();
  await cluster.whole();
}
