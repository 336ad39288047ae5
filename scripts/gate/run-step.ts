import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { patienceMs } from "../../test/support/patience.ts";
import { countTests, type TestCounts } from "./junit.ts";
import type { Step } from "./steps.ts";

/** What came of a step. */
export interface Outcome {
  readonly counts: TestCounts;
  readonly output: string;
  readonly seconds: number;
}

/** A step that has hung is ended: each test is, but not what holds up the whole process. */
const hungMs = 30 * 60_000;
const lookMs = 10_000;

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
  }, lookMs);
  const code = await child.exited;
  clearInterval(timer);
  return { succeeded: code === 0, hung };
}

type Environment = Record<string, string | undefined>;

/** Tests are told of CI; oxlint would take that as leave to write colours into a file. */
function environmentOf(step: Step): Environment {
  return { ...process.env, NO_COLOR: "1", CI: step.isTestRun ? "true" : undefined, ...step.env };
}

function outcome(succeeded: boolean): TestCounts {
  return succeeded ? { passed: 1, failed: 0, skipped: [] } : { passed: 0, failed: 1, skipped: [] };
}

/** A run that failed although no test did (a file that does not load, a crash) counts as one failure. */
function countRun(report: string, succeeded: boolean): TestCounts {
  const counts = countTests(readIfThere(report));
  return succeeded || counts.failed > 0 ? counts : { ...counts, failed: 1 };
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
