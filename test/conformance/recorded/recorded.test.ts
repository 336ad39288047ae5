import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { startTarget } from "../../support/target.ts";
import { tableRows } from "../../docs/markdown-table.ts";
import { compareAnswers, describeDivergences } from "./compare.ts";
import { differences, type FoundDivergence } from "./differences.ts";
import { type Exchange, readRecording } from "./recording.ts";
import { runScript } from "./run-script.ts";
import { countRequests, type Script } from "./script.ts";
import { scripts } from "./scripts/all.ts";

const isConsul = process.env["CONFORMANCE_TARGET"] === "consul";
const asked = Object.entries(scripts);

let starting = startTarget();

/** All fields, of the answers to every script, that differ from Consul's answers. */
const found: FoundDivergence[] = [];

for (const [script, steps] of asked) {
  const { consul, exchanges: wanted } = await readRecording(script);
  const got = await answersTo(steps);

  describe(`the answers to the script ${script}, compared with those of Consul ${consul}`, () => {
    test("belong to the same requests as Consul's recorded answers", () => {
      expect(got.map(whatWasAsked)).toEqual(wanted.map(whatWasAsked));
    });

    for (const [at, exchange] of got.entries()) {
      const divergences = compareAnswers(wanted[at] ?? neverAsked, exchange).map((each) => {
        return { ...each, script, ...whatWasAsked(exchange) };
      });
      found.push(...divergences);
      test(`equal Consul's answers except for listed differences: ${at + 1}: ${exchange.request}`, () => {
        const unknown = divergences.filter((each) => !isKnown(each));
        if (unknown.length > 0) throw new Error(describeDivergences(exchange, unknown, ["Consul", "here"]));
      });
    }
  });
}

test("the recorded scripts have more than 600 requests", () => {
  expect(Object.values(scripts).reduce((sum, script) => sum + countRequests(script), 0)).toBeGreaterThan(600);
});

test.skipIf(isConsul)("every listed difference from Consul occurs in an answer to a recorded script", () => {
  const unused = differences.flatMap(({ what, where }) =>
    where.flatMap((isMeant, at) => (found.some(isMeant) ? [] : [`${what}, place ${at + 1}`])),
  );
  expect(unused).toEqual([]);
});

test("the differences from Consul that the recorded tests accept are those that docs/api.md lists", async () => {
  const document = await Bun.file(join(import.meta.dir, "../../../docs/api.md")).text();
  const listed = differences.map(({ what, why }) => [what.replaceAll("`", ""), why]);
  expect(tableRows(document, "what differs").map((cells) => [...cells])).toEqual(listed);
});

function isKnown(divergence: FoundDivergence): boolean {
  return !isConsul && differences.some(({ where }) => where.some((isMeant) => isMeant(divergence)));
}

function whatWasAsked({
  request,
  sent = null,
  with: headers = {},
}: Exchange): Pick<Exchange, "request" | "sent" | "with"> {
  return { request, sent, with: headers };
}

const neverAsked: Exchange = { request: "", status: 0, headers: {}, body: null };

/** Returns the answers to a script, and meanwhile starts the agent for the next script. */
async function answersTo(script: Script): Promise<readonly Exchange[]> {
  const target = await starting;
  if (script !== asked.at(-1)?.[1]) starting = startTarget();
  try {
    return await runScript(script, target);
  } finally {
    await target.stop();
  }
}
