import { describe, expect, test } from "bun:test";
import { startTarget } from "../../support/target.ts";
import { type Divergence, compareAnswers, describeDivergences } from "./compare.ts";
import { differences, type Difference } from "./differences.ts";
import { type Exchange, readRecording } from "./recording.ts";
import { runScript } from "./run-script.ts";
import { countRequests, type Script } from "./script.ts";
import { notYet, scripts } from "./scripts/all.ts";

const isConsul = process.env["CONFORMANCE_TARGET"] === "consul";
const asked = Object.entries(scripts).filter(([name]) => isConsul || !notYet.includes(name));

for (const [name, script] of asked) {
  const { consul, exchanges: wanted } = await readRecording(name);
  const got = await answersTo(script);

  describe(`${name}, as Consul ${consul} answers it`, () => {
    test("was recorded with these requests", () => {
      expect(got.map(({ request, sent }) => ({ request, sent }))).toEqual(
        wanted.map(({ request, sent }) => ({ request, sent })),
      );
    });

    for (const [at, exchange] of got.entries()) {
      test(`${at + 1}: ${exchange.request}`, () => {
        const found = divergences(wanted[at], exchange).filter((each) => !isKnown(name, exchange, each));
        if (found.length > 0) throw new Error(describeDivergences(exchange, found, ["Consul", "here"]));
      });
    }

    test.skipIf(isConsul)("differs wherever that is listed", () => {
      const seen = got.flatMap((exchange, at) =>
        divergences(wanted[at], exchange).map((each) => `${exchange.request}: ${each.at}`),
      );
      expect(listed(name).filter((place) => !seen.includes(place))).toEqual([]);
    });
  });
}

test("there are at least 600 requests", () => {
  expect(Object.values(scripts).reduce((sum, script) => sum + countRequests(script), 0)).toBeGreaterThan(600);
});

test("what is listed as different is of a script", () => {
  const places = differences.flatMap(({ where }) => where);
  expect(places.filter(({ script }) => !(script in scripts))).toEqual([]);
});

async function answersTo(script: Script): Promise<readonly Exchange[]> {
  const target = await startTarget();
  try {
    return await runScript(script, target);
  } finally {
    await target.stop();
  }
}

function divergences(wanted: Exchange | undefined, got: Exchange): readonly Divergence[] {
  if (wanted === undefined) throw new Error(`${got.request} is not recorded`);
  return compareAnswers(wanted, got);
}

/** Only the value that is listed is known. */
function isKnown(script: string, { request }: Exchange, { at, got }: Divergence): boolean {
  return !isConsul && placesOf(script).some((place) => {
    return place.request === request && at in place.praetor && Bun.deepEquals(place.praetor[at], got);
  });
}

function listed(script: string): readonly string[] {
  return placesOf(script).flatMap(({ request, praetor }) => Object.keys(praetor).map((at) => `${request}: ${at}`));
}

function placesOf(script: string): Difference["where"] {
  return differences.flatMap(({ where }) => where).filter((place) => place.script === script);
}
