/**
 * The gate: everything that must hold before a change goes in. Prints each step with its time, and last
 * `N passed, N failed` (with `, N skipped` when some were); the exit code is 1 when anything failed.
 * Arguments choose steps by the start of their names: `gate.ts lint types`.
 */
import { runStep } from "./run-step.ts";
import { gateSteps } from "./steps.ts";

const chosen = process.argv.slice(2);
const steps = gateSteps().filter((step) => chosen.length === 0 || chosen.some((name) => step.name.startsWith(name)));
const failedSteps: string[] = [];
const skipped: string[] = [];
let passed = 0;
let failed = 0;

for (const step of steps) {
  console.log(`\n=== ${step.name}`);
  const startMs = performance.now();
  const counts = await runStep(step);
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
  passed += counts.passed;
  failed += counts.failed;
  skipped.push(...counts.skipped);
  for (const name of counts.skipped) console.log(`skipped: ${name}`);
  console.log(`--- ${step.name}: ${counts.failed === 0 ? "ok" : "FAILED"}, ${seconds} s`);
  if (counts.failed > 0) failedSteps.push(step.remedy === undefined ? step.name : `${step.name}: ${step.remedy}`);
}

console.log("");
for (const step of failedSteps) console.log(`failed: ${step}`);
if (passed + failed === 0) {
  console.log(`no step is called ${chosen.join(" or ")}`);
  failed = 1;
}
console.log(`${passed} passed, ${failed} failed${skipped.length === 0 ? "" : `, ${skipped.length} skipped`}`);
process.exit(failed === 0 ? 0 : 1);
