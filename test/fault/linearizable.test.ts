import { expect, onTestFinished, test } from "bun:test";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { atLength } from "../support/at-length.ts";
import { FakeRandom } from "../support/fake-random.ts";
import { type Fault, faultyLine, refusalsCalledDone, staleReads } from "../support/linearizability/faulty-line.ts";
import type { Line } from "../support/linearizability/line.ts";
import { SocketLine } from "../support/linearizability/socket-line.ts";
import { Workload } from "../support/linearizability/workload.ts";
import { tellFigures, tellProgress } from "../support/progress.ts";
import { startTarget, type Target } from "../support/target.ts";

const seed = Number(process.env["SEED"] ?? 1);
const operations = Number(process.env["OPERATIONS"] ?? atLength({ short: 50_000, long: 500_000 }));
const kills = Number(process.env["KILLS"] ?? atLength({ short: 6, long: 60 }));
const clients = 32;
/** Number of operations in a run with an injected fault: enough for the fault to appear many times. */
const operationsOfAFault = 3_000;
const attemptsMax = 5;

test(`killed ${kills} times under ${clients} clients and ${operations} operations, the agent is linearizable (SEED=${seed})`, async () => {
  const target = await startedTarget();
  const workload = new Workload(() => new SocketLine(target.url), { seed, clients, operations });
  const random = new FakeRandom(seed);
  const disasters = Array.from({ length: kills }, (_, kill) => ({
    after: (operations * (kill + random.uniform())) / kills,
    act: () => target.restart("SIGKILL"),
  }));
  await runThrough(workload, disasters);
  expect(workload.operationCount).toBeGreaterThanOrEqual(operations - kills * clients);
  expectNone(workload.violations());
  tellFigures(`${workload.operationCount} operations by ${clients} clients, ${kills} kills: one order explains all`);
});

function expectNone(violations: readonly string[]): void {
  if (violations.length === 0) return;
  const shown = violations.slice(0, 3).join("\n\n");
  throw new Error(`${violations.length} violations with SEED=${seed}; the shortest of them:\n\n${shown}`);
}

/**
 * Runs the workload on an agent with an injected fault, and returns the violations. Repeats a run without violations a few times,
 * because the interleaving of requests is random.
 */
async function violationsWith(fault: () => Fault): Promise<readonly string[]> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const target = await startedTarget();
    const lie = fault();
    const openLine = (): Line => faultyLine(new SocketLine(target.url), lie);
    const workload = new Workload(openLine, { seed: seed + attempt, clients, operations: operationsOfAFault });
    await workload.run();
    const violations = workload.violations();
    if (violations.length > 0) return violations;
  }
  return [];
}

test("the checker reports an agent that sometimes answers a read with an old value", async () => {
  expect((await violationsWith(staleReads)).join("\n")).toMatch(/no order of .* explains /);
});

test.each([
  ["two check-and-sets succeed", "cas"],
  ["two sessions have a lock", "acquire"],
] as const)("the checker reports an agent that sometimes lets %s", async (_, parameter) => {
  expect((await violationsWith(() => refusalsCalledDone(parameter))).join("\n")).toMatch(/no order of .* explains /);
});

test("the checker reports an agent that loses acknowledged writes in a crash", async () => {
  const target = await startedTarget();
  const workload = new Workload(() => new SocketLine(target.url), { seed, clients, operations: operationsOfAFault });
  const data = join(target.dataDir, "data");
  const earlier = join(target.dataDir, "earlier");
  await runThrough(workload, [
    {
      after: operationsOfAFault * 0.4,
      act: () => whileStopped(target, () => cpSync(data, earlier, { recursive: true })),
    },
    {
      after: operationsOfAFault * 0.5,
      async act() {
        process.kill(target.pid, "SIGSTOP");
        rmSync(data, { recursive: true });
        cpSync(earlier, data, { recursive: true });
        await target.restart("SIGKILL");
      },
    },
  ]);
  expect(workload.violations().join("\n")).toMatch(/no order of .* explains /);
});

async function startedTarget(): Promise<Target> {
  const target = await startTarget();
  onTestFinished(() => target.stop());
  return target;
}

interface Disaster {
  /** The number of requests after which the disaster happens. */
  readonly after: number;
  act(): Promise<void>;
}

async function runThrough(workload: Workload, disasters: readonly Disaster[]): Promise<void> {
  const finished = workload.run();
  for (const disaster of disasters) {
    while (workload.sent < disaster.after) {
      tellProgress(() => `${workload.sent} operations`);
      await Bun.sleep(1);
    }
    await disaster.act();
  }
  await finished;
}

async function whileStopped({ pid }: Target, act: () => void): Promise<void> {
  process.kill(pid, "SIGSTOP");
  try {
    act();
  } finally {
    process.kill(pid, "SIGCONT");
  }
}
