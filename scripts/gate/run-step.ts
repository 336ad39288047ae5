import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { countTests, type TestCounts } from "./junit.ts";
import type { Step } from "./steps.ts";

/** A step that hangs must not take the whole run with it. */
const stepMsMax = 10 * 60_000;

/** Runs one step with its output passed through. */
export async function runStep(step: Step): Promise<TestCounts> {
  const folder = mkdtempSync(join(tmpdir(), "praetor-gate-"));
  try {
    const report = join(folder, "report.xml");
    const reporting = step.isTestRun ? ["--reporter=junit", `--reporter-outfile=${report}`] : [];
    const succeeded = await run([...step.command, ...reporting], environmentOf(step));
    return step.isTestRun ? countRun(report, succeeded) : outcome(succeeded);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run(command: readonly string[], env: Environment): Promise<boolean> {
  const child = Bun.spawn([...command], {
    stdio: ["ignore", "inherit", "inherit"],
    env,
    timeout: stepMsMax,
    killSignal: "SIGKILL",
  });
  const code = await child.exited;
  if (child.signalCode === "SIGKILL") console.log(`stopped after ${stepMsMax / 60_000} minutes`);
  return code === 0;
}

type Environment = Record<string, string | undefined>;

/** Tests are told of CI; oxlint would take that as leave to write colours into a file. */
function environmentOf(step: Step): Environment {
  const colours = process.stdout.isTTY ? {} : { NO_COLOR: "1" };
  return { ...process.env, ...colours, CI: step.isTestRun ? "true" : undefined, ...step.env };
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
