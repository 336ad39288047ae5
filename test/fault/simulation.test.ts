import { describe, expect, test } from "bun:test";
import { atLength } from "../support/at-length.ts";
import { tellFigures, tellProgress } from "../support/progress.ts";
import type { Mutation } from "../support/simulation/mutation.ts";
import { planOf } from "../support/simulation/plan.ts";
import { simulate, type SimulationResult } from "../support/simulation/simulation.ts";

const given = process.env["SEED"];
const firstSeed = Number(given ?? 1);
/** Maximum number of seeds: in the long form as many as ten minutes allow, and only the given one when SEED is set. */
const seedsMax = given === undefined ? atLength({ short: 20, long: 1_000_000 }) : 1;
const budgetMs = atLength({ short: Infinity, long: 600_000 });

/** Minimum number of different promises of the agent that the seeds of the short form must test. */
const promisesMin = 30;

/**
 * Simulates a seed with a wall clock that starts in 1970 and jumps by decades, and returns the result. Simulates some seeds again
 * with a correct wall clock.
 * @throws Error when the answers differ then
 */
async function simulateSeed(seed: number): Promise<SimulationResult> {
  const jumping = await simulate({ seed, wallJumps: true });
  const { isTwin, rollsBack } = planOf(seed);
  if (rollsBack || (!isTwin && given === undefined)) return jumping;
  const steady = await simulate({ seed, wallJumps: false });
  if (steady.hash === jumping.hash) return jumping;
  const again = await simulate({ seed, wallJumps: true });
  const why = again.hash === jumping.hash ? "the wall clock changes it" : "it differs each time";
  throw new Error(`SEED=${seed} has two histories: ${why}`);
}

function expectNone({ findings, lastLines }: SimulationResult, seed: number): void {
  if (findings.length === 0) return;
  const shown = findings.slice(0, 5).join("\n\n");
  const before = lastLines.slice(-20).join("\n");
  throw new Error(`${findings.length} findings with SEED=${seed}:\n\n${shown}\n\nThe last of the history:\n${before}`);
}

test(`a simulated agent keeps its promises through crashes, bad disks, bad networks and jumping clocks, and a seed replays exactly (from SEED=${firstSeed})`, async () => {
  const startMs = performance.now();
  const looks = new Map<string, number>();
  let seeds = 0;
  let [answers, starts, simulatedMs] = [0, 0, 0];
  for (let seed = firstSeed; seeds < seedsMax && performance.now() < startMs + budgetMs; seed += 1) {
    const result = await simulateSeed(seed);
    expectNone(result, seed);
    for (const [promise, count] of result.looks) looks.set(promise, (looks.get(promise) ?? 0) + count);
    seeds += 1;
    tellProgress(() => `${seeds} seeds`);
    answers += result.answers;
    starts += result.starts;
    simulatedMs += result.simulatedMs;
  }
  const hours = (simulatedMs / 3_600_000).toFixed(1);
  const rate = (seeds / ((performance.now() - startMs) / 1_000)).toFixed(1);
  tellFigures(`${seeds} seeds, ${rate} a second: ${hours} simulated hours, ${answers} answers, ${starts} starts`);
  if (given === undefined) expect(looks.size).toBeGreaterThanOrEqual(promisesMin);
});

/** Returns the findings of seeds with an injected fault, as text, up to the first seed that breaks this promise. */
async function brokenWith(mutation: Mutation, promise: string): Promise<string> {
  let found = "";
  for (let seed = 2; seed <= 11 && !found.includes(promise); seed += 1) {
    const { findings } = await simulate({ seed, wallJumps: true, mutation });
    found += findings.join("\n");
  }
  return found;
}

describe("the simulation reports the fault that", () => {
  test.each<readonly [Mutation, string]>([
    ["the disk loses a confirmed batch", "one order explains all answers"],
    ["the disk keeps halves of batches", "one order explains all answers"],
    ["the disk keeps a refused batch", "one order explains all answers"],
    ["the index falls at a start", "the index of a question never falls"],
    ["a wake-up is forgotten", "each change wakes its watchers"],
    ["a lock has two holders", "a lock has one holder"],
    ["a write waits for as long as the disk hangs", "no write waits for a disk that has hung"],
    ["the position on the bus is forgotten", "every durable change of a key is published"],
    ["the broker acknowledges a lost message", "every durable change of a key is published"],
    ["a port is assigned twice", "no port is assigned twice"],
    ["time comes from the wall clock", "comes to show its service's true status"],
    ["the clock runs fast", "and no sooner"],
  ])("%s", async (mutation, promise) => {
    expect(await brokenWith(mutation, promise)).toContain(promise);
  });
});
