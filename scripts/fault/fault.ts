/**
 * Runs the long form of all proofs (the fault tests and fuzz tests), one after the other, and prints their progress and a summary
 * with figures. Arguments select proofs by the prefix of their names: `fault.ts power-cut fuzz`.
 */
import { chosenProofs, proofs, totalOf } from "./proofs.ts";
import { type ProofResult, runProof } from "./run-proof.ts";

const words = process.argv.slice(2);
const chosen = chosenProofs(words);
if (chosen.length === 0) {
  console.log(`unknown proof ${words.join(", ")}; known are ${proofs.map(({ name }) => name).join(", ")}`);
  process.exit(1);
}
console.log(`${chosen.length} proofs, about ${totalOf(chosen)} on two cores; a single one: make fault PROOF=power-cut`);

const results: ProofResult[] = [];
for (const [at, proof] of chosen.entries()) {
  const rest = totalOf(chosen.slice(at));
  console.log(`\n=== ${at + 1} of ${chosen.length}: ${proof.name}, about ${proof.minutes} min (remaining: ${rest})`);
  const result = await runProof(proof);
  results.push(result);
  console.log(`--- ${proof.name}: ${result.succeeded ? "ok" : "FAILED"}, ${result.minutes.toFixed(1)} min`);
}

console.log("\n=== summary");
for (const { proof, succeeded, counts, minutes, figures } of results) {
  const { passed, failed, skipped } = counts;
  const tests = `${passed} passed, ${failed} failed${skipped.length === 0 ? "" : `, ${skipped.length} skipped`}`;
  console.log(`${succeeded ? "ok    " : "FAILED"} ${proof.name}: ${tests}, ${minutes.toFixed(1)} min`);
  for (const line of figures) console.log(`         ${line}`);
  for (const name of skipped) console.log(`         skipped: ${name}`);
}
process.exit(results.every(({ succeeded }) => succeeded) ? 0 : 1);
