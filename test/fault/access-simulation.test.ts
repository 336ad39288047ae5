import { describe, expect, test } from "bun:test";
import { atLength } from "../support/at-length.ts";
import { tellFigures, tellProgress } from "../support/progress.ts";
import { questions } from "../support/rights/guarded-questions.ts";
import { simulateGuarded } from "../support/rights/guarded-simulation.ts";
import { plantedFaults } from "../support/rights/planted-faults.ts";

const given = process.env["SEED"];
const firstSeed = Number(given ?? 1);
/** Maximum number of seeds: in the long form as many as five minutes allow, and only the given one when SEED is set. */
const seedsMax = given === undefined ? atLength({ short: 6, long: 1_000_000 }) : 1;
const budgetMs = atLength({ short: Infinity, long: 300_000 });
const steps = 400;

test(`readers see exactly what their changing rights permit, and write nothing else, and a seed replays exactly (from SEED=${firstSeed})`, async () => {
  const startMs = performance.now();
  const seen = new Map<string, number>();
  let [seeds, answers] = [0, 0];
  for (let seed = firstSeed; seeds < seedsMax && performance.now() < startMs + budgetMs; seed += 1, seeds += 1) {
    const result = await simulateGuarded({ seed, steps });
    if (result.findings.length > 0)
      throw new Error(
        `${result.findings.length} findings with SEED=${seed}:\n${result.findings.slice(0, 5).join("\n")}`,
      );
    for (const [kind, count] of result.seen) seen.set(kind, (seen.get(kind) ?? 0) + count);
    if (seed === firstSeed) expect((await simulateGuarded({ seed, steps })).hash).toBe(result.hash);
    answers += result.answers;
    tellProgress(() => `${seeds} seeds`);
  }
  tellFigures(`${seeds} seeds, ${answers} answers`);
  if (given === undefined) expect(neverSeen(seen)).toEqual([]);
});

/** Returns the kinds of questions to which no answer showed things, or none showed nothing, at once and after a wait. */
function neverSeen(seen: ReadonlyMap<string, number>): readonly string[] {
  const kinds = new Set(questions.flatMap(({ kind, blocks }) => (blocks ? [kind, `${kind}, held`] : [kind])));
  return [...kinds, "write of a key", "deletion of a tree", "registration", "session"].filter(
    (kind) => !(seen.has(`${kind}: nothing`) && (seen.has(`${kind}: all`) || seen.has(`${kind}: some`))),
  );
}

describe("the simulation of access control reports the fault that", () => {
  for (const [name, plant] of Object.entries(plantedFaults))
    test(name, async () => {
      let findings = 0;
      for (let seed = 1; findings === 0 && seed <= 10; seed += 1)
        findings = (await simulateGuarded({ seed, steps, fault: plant() })).findings.length;
      expect(findings).toBeGreaterThan(0);
    });
});
