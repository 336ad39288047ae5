import { expectText, putAll } from "../lib/contents.ts";
import type { Contender } from "../lib/contender.ts";
import type { Group, Row } from "../lib/row.ts";
import { newRun, runWrk, type Load } from "../lib/wrk.ts";
import { runWrites } from "../lib/writes.ts";

const connections = 16;
const known = 2_000;
const nodes = 20;
const checks = 100;
const rate = { unit: "requests/s", better: "higher", goal: { kind: "times", timesMin: 10 } } as const;

/**
 * Benchmark rows of registrations and check updates. The row that registers new services comes last, because it makes every list
 * longer.
 */
export const registrations: Group = {
  name: "registrations",
  rows: [
    ttlUpdate("ttl-update", "passing with another output, a heartbeat"),
    ttlUpdate("ttl-turn", "another status each time", "turn"),
    {
      name: "agent-register-again",
      title: `register one of ${known.toLocaleString("en")} services with the agent again, changed, ${connections} connections`,
      ...rate,
      prepare: (contender) => putAll(contender, "/v1/agent/service/register", definitions()),
      async measure(contender, seconds) {
        const { load, run } = registering("agent", seconds);
        const figure = await runWrk(contender.url, load);
        await expectText(contender, "/v1/agent/service/again-10", run);
        return figure;
      },
    },
    {
      name: "catalog-register-again",
      title: `register one of ${known.toLocaleString("en")} services with the catalog again, changed, ${connections} connections`,
      ...rate,
      prepare: (contender) => putAll(contender, "/v1/catalog/register", definitions().map(onNode)),
      measure: (contender, seconds) => runWrites(contender, registering("catalog", seconds).load),
    },
    {
      name: "agent-register-new",
      title: `register a new service with the agent, ${connections} connections`,
      ...rate,
      measure: (contender, seconds) =>
        runWrk(contender.url, { connections, seconds, script: "register-services.lua", words: [newRun()] }),
    },
  ],
};

function definitions(): readonly { readonly ID: string; readonly Name: string }[] {
  return Array.from({ length: known }, (_none, at) => ({
    ...{ ID: `again-${at + 1}`, Name: `again-${(at + 1) % 100}`, Port: 8_080, Tags: ["bench"] },
    Meta: { run: "none" },
  }));
}

function onNode({ ID, Name, ...service }: { readonly ID: string; readonly Name: string }, at: number): object {
  const node = (at + 1) % nodes;
  return { Node: `rack-${node}`, Address: `10.0.0.${node}`, Service: { ID, Service: Name, ...service } };
}

function registering(to: "agent" | "catalog", seconds: number): { readonly load: Load; readonly run: string } {
  const run = newRun();
  const words = [to, run, String(known), String(nodes)];
  return { run, load: { connections, seconds, script: "register-again.lua", words } };
}

/**
 * Returns a benchmark row that updates TTL checks. Praetor and Consul keep a check's output in memory. Consul also writes each
 * update to a file, without a sync.
 */
function ttlUpdate(name: string, title: string, ...mode: readonly "turn"[]): Row {
  return {
    name,
    title: `update a TTL check: ${title}, ${connections} connections`,
    ...rate,
    prepare: registerChecks,
    async measure(contender, seconds) {
      const run = newRun();
      const words = [run, String(checks), ...mode];
      const figure = await runWrk(contender.url, { connections, seconds, script: "update-checks.lua", words });
      await expectText(contender, "/v1/agent/checks", run);
      return figure;
    },
  };
}

function registerChecks(contender: Contender): Promise<void> {
  return putAll(
    contender,
    "/v1/agent/check/register",
    Array.from({ length: checks }, (_none, at) => ({ ID: `alive-${at}`, Name: "alive", TTL: "1h", Status: "passing" })),
  );
}
