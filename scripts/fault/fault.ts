/**
 * The long forms of all trials, one after the other. Says what is done, what comes, and how far the one under way is; last
 * a summary, with the figures of each. Arguments choose proofs by the start of their names: `fault.ts power-cut fuzz`.
 */
import { chosenProofs, proofs, totalOf } from "./proofs.ts";
import { runProof, type Ran } from "./run-proof.ts";

const words = process.argv.slice(2);
const chosen = chosenProofs(words);
if (chosen.length === 0) {
  console.log(`no proof is called ${words.join(" or ")}; there are ${proofs.map(({ name }) => name).join(", ")}`);
  process.exit(1);
}
console.log(`${chosen.length} proofs, some ${totalOf(chosen)} on two cores; one alone: make fault PROOF=power-cut`);

const ran: Ran[] = [];
for (const [at, proof] of chosen.entries()) {
  const rest = totalOf(chosen.slice(at));
  console.log(
    `\n=== ${at + 1} of ${chosen.length}: ${proof.name}, some ${proof.minutes} min (all that is left: ${rest})`,
  );
  const one = await runProof(proof);
  ran.push(one);
  console.log(`--- ${proof.name}: ${one.isGood ? "ok" : "FAILED"}, ${one.minutes.toFixed(1)} min`);
}

console.log("\n=== summary");
for (const { proof, isGood, counts, minutes, figures } of ran) {
  const { passed, failed, skipped } = counts;
  const tests = `${passed} passed, ${failed} failed${skipped.length === 0 ? "" : `, ${skipped.length} skipped`}`;
  console.log(`${isGood ? "ok    " : "FAILED"} ${proof.name}: ${tests}, ${minutes.toFixed(1)} min`);
  for (const line of figures) console.log(`         ${line}`);
  for (const name of skipped) console.log(`         skipped: ${name}`);
}
process.exit(ran.every(({ isGood }) => isGood) ? 0 : 1);
