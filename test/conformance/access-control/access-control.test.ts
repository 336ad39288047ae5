import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { systemClock } from "../../../src/lib/clock.ts";
import { startAclServer } from "../../support/acl-server.ts";
import { startTargetAs, type Target } from "../../support/target.ts";
import { tableRows } from "../../docs/markdown-table.ts";
import { compareAnswers, describeDivergences } from "../recorded/compare.ts";
import { readRecording, type Exchange } from "../recorded/recording.ts";
import { runScript } from "../recorded/run-script.ts";
import { countRequests, type Script } from "../recorded/script.ts";
import { type Difference, differences } from "./differences.ts";
import { type AgentScript, agentScripts, scripts } from "./scripts/all.ts";
import { masterSecret } from "./scripts/master-secret.ts";
import { scriptsMs } from "./scripts/web-tokens.ts";

/** The intended differences that occurred. */
const used = new Set<Difference>();

for (const [name, script] of Object.entries(scripts)) await compare(name, await answersTo(name, script));
for (const [name, script] of Object.entries(agentScripts)) await compare(name, await answersOfAgent(script));

async function compare(name: string, got: readonly Exchange[]): Promise<void> {
  const { consul, exchanges: wanted } = await readRecording(name, join(import.meta.dir, "answers"));

  describe(`the answers to the script ${name}, compared with those of Consul ${consul}`, () => {
    test("belong to the same requests as Consul's recorded answers", () => {
      expect(got.map(({ request }) => request)).toEqual(wanted.map(({ request }) => request));
    });

    for (const [at, exchange] of got.entries()) {
      test(`equal Consul's answers: ${at + 1}: ${exchange.request}`, () => {
        const found = compareAnswers(wanted[at] ?? neverAsked, exchange);
        const unknown = found.filter((each) => {
          const meant = differences.find(({ isMeant }) => isMeant(each, exchange));
          if (meant) used.add(meant);
          return !meant;
        });
        if (unknown.length > 0) throw new Error(describeDivergences(exchange, unknown, ["Consul", "here"]));
      });
    }
  });
}

test("the scripts of access control have more than 1500 requests", () => {
  expect(
    [...Object.values(scripts), ...Object.values(agentScripts).map(({ script }) => script)].reduce(
      (sum, script) => sum + countRequests(script),
      0,
    ),
  ).toBeGreaterThan(1500);
});

test("every listed difference of access control occurs in an answer to a script", () => {
  expect(differences.filter((each) => !used.has(each)).map(({ what }) => what)).toEqual([]);
});

test("docs/api.md lists the differences that the tests of access control accept", async () => {
  const document = await Bun.file(join(import.meta.dir, "../../../docs/api.md")).text();
  const listed = differences.map(({ what, why }) => [what.replaceAll("`", ""), why]);
  expect(tableRows(document, "what differs with access control").map((cells) => [...cells])).toEqual(listed);
});

const neverAsked: Exchange = { request: "", status: 0, headers: {}, body: null };

async function answersTo(name: string, script: Script): Promise<readonly Exchange[]> {
  const clock = { ...systemClock, wallMs: () => scriptsMs };
  const server = await startAclServer({ masterSecret: name === "bootstrap" ? undefined : masterSecret, clock });
  const never = (): never => {
    throw new Error("the scripts do not restart the server");
  };
  const target: Target = {
    ...{ url: server.url, name: "praetor", dataDir: "/nowhere", ports: [], pid: 0 },
    ...{ stop: () => server.stop(), restart: never },
  };
  try {
    return await runScript(script, target);
  } finally {
    await server.stop();
  }
}

async function answersOfAgent({ settings, script }: AgentScript): Promise<readonly Exchange[]> {
  const target = await startTargetAs(masterSecret, ["-hcl", settings]);
  try {
    return await runScript(script, target, masterSecret);
  } finally {
    await target.stop();
  }
}
