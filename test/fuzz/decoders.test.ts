import { expect, test } from "bun:test";
import { atLength, isAtLength } from "../support/at-length.ts";
import { decoders } from "../support/fuzz/decoders.ts";
import { tellFigures } from "../support/progress.ts";
import { shareMs } from "../support/fuzz/share.ts";
import { type Fuzzed, addToCorpus, readCorpus, watchedFuzz } from "../support/fuzz/watched-fuzz.ts";

/**
 * Tries each decoder of outside input on its corpus, and then on variations of it. Within a second, the decoder must decode the
 * input or refuse it with its declared error. A failing input is added to test/fuzz/corpus, and is tried first from then on.
 */

const seed = Number(process.env["SEED"] ?? 1);
const budgetMs = isAtLength ? shareMs : Infinity;
const runsMax = atLength({ short: 300, long: 1_000_000_000 });

test.each(decoders.map(({ name }) => [name]))(
  `the decoder %s decodes or refuses any input within a second (SEED=${seed})`,
  async (name) => {
    expect(readCorpus(name).length).toBeGreaterThan(0);
    const fuzzed = await watchedFuzz(name, { seed, runsMax, budgetMs });
    if (isAtLength) tellFigures(`${name}: ${fuzzed.runs} inputs, ${fuzzed.outcomes} ends`);
    expectNone(name, fuzzed);
  },
);

function expectNone(name: string, { fault }: Fuzzed): void {
  if (!fault) return;
  const path = addToCorpus(name, fault.input);
  throw new Error(`SEED=${seed}, ${name}, with what is in ${path}: ${fault.why}`);
}
