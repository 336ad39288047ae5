/**
 * Runs the gate: everything that must pass before a change is merged. Steps run side by side. The gate prints the output of each
 * step as a whole, in the order of the list, with the step's duration. The last line is `N passed, N failed`, followed by `, N
 * skipped` if tests were skipped. The exit code is 1 if anything failed. Arguments select steps by the prefix of their names:
 * `gate.ts lint types`.
 */
import { availableParallelism } from "node:os";
import { slowness } from "../../test/support/patience.ts";
import { type Outcome, runStep } from "./run-step.ts";
import { sideBySide } from "./side-by-side.ts";
import { checks, type Step, testRuns } from "./steps.ts";

const chosen = process.argv.slice(2);
const startMs = performance.now();
const failedSteps: string[] = [];
const running = new Map<string, number>();
let [passed, failed, skipped] = [0, 0, 0];

console.log(
  `this machine is ${slowness().toFixed(1)} times slower than the reference: time limits are scaled accordingly`,
);
const tests = chosenOf(testRuns());
const needPackages = new Set(tests.filter((step) => step.needsPackages));
/**
 * Whether the Debian packages are installed. As root, the script installs the missing ones; otherwise it lists them and how to
 * install them.
 */
const hasPackages = needPackages.size === 0 || succeeds("scripts/ensure-debian-packages", "test");
if (!hasPackages) console.log("Until then these are not run:", [...needPackages].map(({ name }) => name).join(", "));

// The list `checks` includes the build, which precedes the tests: tests of whole programs run the executable that it writes.
await run({ steps: chosenOf(checks), lanes: availableParallelism() });
const possible = tests.filter((step) => hasPackages || !needPackages.has(step));
await run(
  { steps: possible.filter(({ mostlyWaits }) => mostlyWaits !== true), lanes: 2 },
  { steps: possible.filter(({ mostlyWaits }) => mostlyWaits === true), lanes: 1 },
);
if (!hasPackages) {
  failed += needPackages.size;
  failedSteps.push(...[...needPackages].map(({ name }) => `${name}: not run, as Debian packages are missing`));
}

console.log("");
for (const step of failedSteps) console.log(`failed: ${step}`);
if (passed + failed + skipped === 0) {
  console.log(`unknown step ${chosen.join(", ")}`);
  failed = 1;
}
console.log(`${secondsSince(startMs)} s`);
console.log(`${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`);
process.exit(failed === 0 ? 0 : 1);

function chosenOf(steps: readonly Step[]): readonly Step[] {
  return steps.filter(({ name }) => chosen.length === 0 || chosen.some((word) => name.startsWith(word)));
}

function succeeds(...command: readonly string[]): boolean {
  return Bun.spawnSync([...command], { stdio: ["ignore", "inherit", "inherit"] }).success;
}

interface Lanes {
  readonly steps: readonly Step[];
  /** Maximum number of these steps that run at a time. */
  readonly lanes: number;
}

async function run(...all: readonly Lanes[]): Promise<void> {
  const steps = all.flatMap((each) => each.steps);
  const outcomes = all.flatMap((each) => sideBySide(each.steps, each.lanes, runTimed));
  for (const [at, step] of steps.entries()) {
    const outcome = await showProgress(outcomes[at]);
    if (outcome !== undefined) report(step, outcome);
  }
}

async function runTimed(step: Step): Promise<Outcome> {
  running.set(step.name, performance.now());
  const outcome = await runStep(step);
  running.delete(step.name);
  return outcome;
}

function report(step: Step, { counts, output, seconds }: Outcome): void {
  console.log(`\n=== ${step.name}\n${output.trim()}`);
  for (const name of counts.skipped) console.log(`skipped: ${name}`);
  console.log(`--- ${step.name}: ${counts.failed === 0 ? "ok" : "FAILED"}, ${seconds.toFixed(1)} s`);
  passed += counts.passed;
  failed += counts.failed;
  skipped += counts.skipped.length;
  if (counts.failed === 0) return;
  failedSteps.push(step.remedy === undefined ? step.name : `${step.name}: ${step.remedy}`);
  for (const name of counts.failures) failedSteps.push(`${step.name}: ${name}`);
}

/**
 * Resolves with `result`. Until then prints the running steps and their times: each second in a terminal's last line, otherwise
 * once a minute.
 */
async function showProgress<Result>(result: Promise<Result> | undefined): Promise<Result | undefined> {
  const { isTTY, columns } = process.stdout;
  const show = (): void => {
    const names = [...running].map(([name, sinceMs]) => `${name} ${secondsSince(sinceMs)} s`).join(", ");
    process.stdout.write(isTTY ? `\r\x1b[K${names.slice(0, columns - 1)}` : `running: ${names}\n`);
  };
  const timer = setInterval(show, isTTY ? 1_000 : 60_000);
  try {
    return await result;
  } finally {
    clearInterval(timer);
    if (isTTY) process.stdout.write("\r\x1b[K");
  }
}

function secondsSince(sinceMs: number): string {
  return ((performance.now() - sinceMs) / 1_000).toFixed(0);
}
