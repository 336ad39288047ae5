import { describe, expect, test } from "bun:test";
import { FormationWorld } from "../../../test/support/formation/formation-world.ts";
import { runTrial } from "../../../test/support/formation/formation-trial.ts";
import type { FormationFault } from "../../../test/support/formation/etcd-cluster.ts";

/** `SEED=1 TRIALS=500` runs more. A failure names its seed. */
const firstSeed = Number(process.env["SEED"] ?? 1);
const trials = Number(process.env["TRIALS"] ?? 15);
const historyMax = 150;

describe("servers that crash, lose calls and data, and move", () => {
  for (const [servers, expected] of [
    [3, 3],
    [5, 5],
    // Most seeds: here servers that do not see each other can choose different sets.
    [5, 3],
  ] as const)
    test(`end in one cluster, and never begin two: ${servers} with -bootstrap-expect=${expected}`, async () => {
      for (let seed = firstSeed; seed < firstSeed + trials * (servers === expected ? 1 : 4); seed++) {
        const { findings, history, begun } = await runTrial(seed, { servers, expect: expected });
        if (findings.length > 0)
          throw new Error([`seed ${seed}`, ...history.slice(-historyMax), ...findings].join("\n"));
        expect(begun).toBe(1);
      }
    });
});

test("servers without data go on when the starter of their cluster is lost before its first batch", async () => {
  const world = new FormationWorld({ seed: 1, servers: 3, expect: 3 });
  world.isTroubled = false;
  for (const server of world.servers) server.start();
  const [starter, ...others] = world.servers;
  while (others.some(({ saved }) => !saved.membership)) await world.clock.advance(10);
  starter?.crash();
  const formed = Promise.all(others.map(async ({ formation }) => formation?.formed));
  await world.clock.advance(30_000);
  for (const each of await formed) expect(each).toMatchObject({ isFounder: false, hasOtherFounder: false });
});

/** Maximum number of seeds until a fault is found. */
const seedsMax = 60;

test.each<[FormationFault, RegExp]>([
  ["a promise is answered before it is saved", /has forgotten its promise|share a server|is bound to/],
  ["two promises are given at once", /is bound to|share a server/],
  ["lost data goes unnoticed", /can vote twice/],
])("the simulation finds the fault: %s", async (fault, expected) => {
  for (let seed = 1; seed <= seedsMax; seed++) {
    const { findings } = await runTrial(seed, { servers: 5, expect: 3, fault });
    if (findings.some((finding) => expected.test(finding))) return;
  }
  expect.unreachable(`${seedsMax} seeds`);
});
