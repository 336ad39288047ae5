import { describe, expect, test } from "bun:test";
import { atLength } from "../support/at-length.ts";
import { tellFigures, tellProgress } from "../support/progress.ts";
import type { DiskFault } from "../support/simulation/simulated-disk.ts";
import { simulate, type SimulationResult } from "../support/simulation/simulation.ts";

const given = process.env["SEED"];
const firstSeed = Number(given ?? 1);
/** One seed alone when it is named: the one that failed. */
const budgetMs = given === undefined ? atLength({ short: 15_000, long: 600_000 }) : 0;
const seedsMax = given === undefined ? atLength({ short: 20, long: 1_000_000 }) : 1;

/** Held to something by each seed; a few more are by most. */
const promisesMin = 20;

/** Twice: with a wall clock that is right, and with one that starts in 1970 and jumps by decades. */
async function simulateTwice(seed: number): Promise<SimulationResult> {
  const steady = await simulate({ seed, wallJumps: false });
  const jumping = await simulate({ seed, wallJumps: true });
  if (steady.hash !== jumping.hash) {
    const again = await simulate({ seed, wallJumps: false });
    const why = again.hash === steady.hash ? "the wall clock changes it" : "it is another one each time";
    throw new Error(`SEED=${seed} has two histories: ${why}`);
  }
  return steady;
}

function expectNone({ findings, lastLines }: SimulationResult, seed: number): void {
  if (findings.length === 0) return;
  const shown = findings.slice(0, 5).join("\n\n");
  const before = lastLines.slice(-20).join("\n");
  throw new Error(`${findings.length} findings with SEED=${seed}:\n\n${shown}\n\nThe last of the history:\n${before}`);
}

test(
  `an agent in a simulated world keeps its promises through crashes, bad disks, bad networks and jumping clocks, and a seed replays exactly (from SEED=${firstSeed})`,
  async () => {
    const endMs = performance.now() + budgetMs;
    const looks = new Map<string, number>();
    let seeds = 0;
    let [answers, starts, simulatedMs] = [0, 0, 0];
    for (let seed = firstSeed; seeds < seedsMax && (seeds === 0 || performance.now() < endMs); seed += 1) {
      const result = await simulateTwice(seed);
      expectNone(result, seed);
      for (const [promise, count] of result.looks) looks.set(promise, (looks.get(promise) ?? 0) + count);
      seeds += 1;
      tellProgress(() => `${seeds} seeds`);
      answers += result.answers;
      starts += result.starts;
      simulatedMs += result.simulatedMs;
    }
    const hours = (simulatedMs / 3_600_000).toFixed(1);
    tellFigures(`${seeds} seeds, each twice: ${hours} simulated hours, ${answers} answers, ${starts} starts`);
    if (given === undefined) expect(looks.size).toBeGreaterThanOrEqual(promisesMin);
  },
  budgetMs + 60_000,
);

/** The first seed that finds something, of a few. */
async function findingsWith(diskFault: DiskFault): Promise<string> {
  for (let seed = 1; seed <= 20; seed += 1) {
    const { findings } = await simulate({ seed, wallJumps: false, diskFault });
    if (findings.length > 0) return findings.join("\n");
  }
  return "";
}

describe("the simulation finds out a disk that", () => {
  test.each([["forgets what it confirmed"], ["keeps halves of batches"], ["keeps what it refused"]] as const)(
    "%s",
    async (diskFault) => {
      expect(await findingsWith(diskFault)).not.toBe("");
    },
    60_000,
  );
});
