import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { patienceMs } from "../../test/support/patience.ts";
import { countTests, type TestCounts } from "./junit.ts";
import type { Step } from "./steps.ts";

/** The result of one step of the gate. */
export interface Outcome {
  readonly counts: TestCounts;
  readonly output: string;
  readonly seconds: number;
}

/**
 * Time after which the gate kills a step that hangs, in milliseconds. Bun ends a test that hangs, but not code that blocks the
 * whole process.
 */
const hungMs = 30 * 60_000;
const pollMs = 10_000;

export async function runStep(step: Step): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "praetor-gate-"));
  const startMs = performance.now();
  try {
    const [report, log] = [join(folder, "report.xml"), join(folder, "output")];
    const reporting = step.isTestRun ? ["--reporter=junit", `--reporter-outfile=${report}`] : [];
    const { succeeded, hung } = await run([...step.command, ...reporting], environmentOf(step), log);
    const seconds = (performance.now() - startMs) / 1_000;
    const output = `${readFileSync(log, "utf8")}${hung ? `\nended after ${(seconds / 60).toFixed(0)} minutes` : ""}`;
    return { counts: step.isTestRun ? countRun(report, succeeded) : outcome(succeeded), output, seconds };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Ended {
  readonly succeeded: boolean;
  readonly hung: boolean;
}

async function run(command: readonly string[], env: Environment, log: string): Promise<Ended> {
  const file = openSync(log, "w");
  const startMs = performance.now();
  const child = Bun.spawn([...command], { stdio: ["ignore", file, file], env });
  closeSync(file);
  let hung = false;
  const timer = setInterval(() => {
    const tookMs = performance.now() - startMs;
    if (tookMs < hungMs || tookMs < patienceMs(hungMs)) return;
    hung = true;
    child.kill("SIGKILL");
  }, pollMs);
  const code = await child.exited;
  clearInterval(timer);
  return { succeeded: code === 0, hung };
}

type Environment = Record<string, string | undefined>;

/** Returns the environment of a step. Sets CI for tests only: with CI, oxlint would write colours into a file. */
function environmentOf(step: Step): Environment {
  return { ...process.env, NO_COLOR: "1", CI: step.isTestRun ? "true" : undefined, ...step.env };
}

function outcome(succeeded: boolean): TestCounts {
  return succeeded
    ? { passed: 1, failed: 0, failures: [], skipped: [] }
    : { passed: 0, failed: 1, failures: [], skipped: [] };
}

/**
 * Counts the tests of a run. A run that failed without a failed test (a file that does not load, a crash) counts as one failure.
 */
function countRun(report: string, succeeded: boolean): TestCounts {
  const counts = countTests(readIfExists(report));
  return succeeded || counts.failed > 0 ? counts : { ...counts, failed: 1 };
}

function readIfExists(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
