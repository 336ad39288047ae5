import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { systemClock } from "../../../src/lib/clock.ts";
import { startAclServer } from "../../support/acl-server.ts";
import type { Target } from "../../support/target.ts";
import { compareAnswers, describeDivergences, type Divergence } from "../recorded/compare.ts";
import { plainText, readRecording, type Exchange } from "../recorded/recording.ts";
import { runScript } from "../recorded/run-script.ts";
import { countRequests, type Script } from "../recorded/script.ts";
import { startDenyingTarget } from "./denying-target.ts";
import { agentScripts, scripts } from "./scripts/all.ts";
import { masterSecret } from "./scripts/master-secret.ts";
import { scriptsMs } from "./scripts/web-tokens.ts";

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
        const found = compareAnswers(wanted[at] ?? neverAsked, exchange).filter((each) => !isIntended(each, exchange));
        if (found.length > 0) throw new Error(describeDivergences(exchange, found, ["Consul", "here"]));
      });
    }
  });
}

test("the scripts of access control have more than 1500 requests", () => {
  expect(
    Object.values({ ...scripts, ...agentScripts }).reduce((sum, script) => sum + countRequests(script), 0),
  ).toBeGreaterThan(1500);
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

async function answersOfAgent(script: Script): Promise<readonly Exchange[]> {
  const target = await startDenyingTarget();
  try {
    return await runScript(script, target, masterSecret);
  } finally {
    await target.stop();
  }
}

/** Returns whether Praetor's answer differs on purpose. docs/api.md lists the differences. */
function isIntended({ at, wanted, got }: Divergence, { request }: Exchange): boolean {
  // The error for a body that is not an object omits the fields of Consul's type.
  if (at === "body" && wanted !== undefined && plainText(got ?? "").endsWith("into Go value of type struct"))
    return true;
  // Consul shows the secrets of listed tokens from 1.11 on, and EdgeX 2.3 and 3 need them.
  if (/ \/v1\/acl\/tokens\b/.test(request) && at.endsWith(".SecretID") && wanted === undefined) return true;
  // A legacy token has its accessor and its builtin policy at once. Consul writes the token again for it, seconds later.
  const isIndex = / \/v1\/acl\/(?:info\/|list|clone\/)/.test(request) && /(?:\.ModifyIndex|X-Consul-Index)$/.test(at);
  if (isIndex && wanted !== undefined && got !== undefined) return true;
  // An empty list of datacenters is the same as none.
  return request === "GET /v1/acl/policies" && at.endsWith(".Datacenters") && plainText(wanted ?? "") === "[]";
}
