import { describe, expect, test } from "bun:test";
import { pieces } from "./all-pieces.ts";
import { configurationDifferences } from "./differences.ts";
import { readOutcomes } from "./outcomes.ts";
import { type Outcome, type Piece, withoutUntold } from "./piece.ts";
import { praetorOutcome, type PraetorOutcome } from "./praetor-outcome.ts";

const { consul, outcomes } = await readOutcomes();
const recorded = new Map(outcomes.map((outcome) => [outcome.name, outcome]));
const differing = new Set(configurationDifferences.flatMap((difference) => difference.pieces));

/**
 * Runs the piece in Praetor. Returns the parts to compare of Consul's recorded results (`wanted`) and of Praetor's
 * (`got`), which are equal unless a difference is listed.
 */
async function compare(piece: Piece, said: Outcome): Promise<{ readonly wanted: object; readonly got: object }> {
  const found = await praetorOutcome(piece);
  return { wanted: comparable(said, said, found), got: comparable(found, said, found) };
}

function comparable(one: Outcome | PraetorOutcome, said: Outcome, found: PraetorOutcome): object {
  // Consul's `validate` accepts some configurations that its agent refuses at start; Praetor's `validate` refuses them, too.
  const isGood = one === said ? (said.validate?.valid ?? true) && said.starts : one.validate?.valid;
  const isRefused = said.validate?.valid === false;
  // Consul exits if a definition is invalid, so a start of Praetor that leaves out a definition counts as no start.
  const starts = one.starts && !("leftOut" in one && one.leftOut.length > 0);
  return {
    valid: said.validate === undefined ? undefined : isRefused ? one.validate?.valid : isGood,
    kinds: isRefused ? one.validate?.kinds : undefined,
    starts,
    ...(said.starts && starts && { services: one.services, checks: withoutUntold(one.checks, said.checks) }),
    ...(said.starts && starts && { settings: settingsOf(one, found.settingsKnown) }),
  };
}

function settingsOf({ settings = {} }: Outcome, known: ReadonlySet<string>): object {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => known.has(name)));
}

describe(`pieces of configuration, with the outcomes of Consul ${consul}`, () => {
  for (const piece of pieces)
    test(piece.name, async () => {
      const said = recorded.get(piece.name);
      if (said === undefined) throw new Error("it is not recorded: make record");
      const { wanted, got } = await compare(piece, said);
      if (differing.has(piece.name)) expect(got).not.toEqual(wanted);
      else expect(got).toEqual(wanted);
    });
});

test("more than a hundred configuration pieces are tested, have different names, and include all listed differences", () => {
  const names = new Set(pieces.map(({ name }) => name));
  expect(names.size).toBe(pieces.length);
  expect(names.size).toBeGreaterThan(100);
  expect([...recorded.keys()].filter((name) => !names.has(name))).toEqual([]);
  expect([...differing].filter((name) => !names.has(name))).toEqual([]);
});

test("the agent reports an invalid definition with file, line and column, and `validate` refuses it", async () => {
  for (const piece of pieces.filter(({ name }) => name.startsWith("bad among good"))) {
    const { starts, validate, leftOut } = await praetorOutcome(piece);
    expect([starts, validate?.valid]).toEqual([true, false]);
    for (const fault of leftOut) expect(fault).toMatch(/\/a\.json:1:\d+: /);
  }
});
