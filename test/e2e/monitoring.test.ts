import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { tableRows } from "../docs/markdown-table.ts";

const folder = join(import.meta.dir, "../../examples/monitoring");
const sandbox = openSandbox();
let agent: AgentProcess;
let scraped = "";

beforeAll(async () => {
  agent = await sandbox.start("-data-dir", join(sandbox.folder, "data"));
  await agent.ready();
  await agent.send("PUT", "/v1/kv/a", { body: "1" });
  await agent.send("GET", "/v1/kv/a");
  const answer = await agent.send("GET", "/v1/agent/metrics?format=prometheus");
  expect(answer.status).toBe(200);
  scraped = answer.text;
});
afterAll(() => sandbox.close());

async function promtool(
  words: readonly string[],
  input = "",
): Promise<{ readonly code: number; readonly said: string }> {
  const run = Bun.spawn(["promtool", ...words], {
    cwd: folder,
    stdin: Buffer.from(input),
    stdout: "pipe",
    stderr: "pipe",
  });
  const said = await Promise.all([new Response(run.stdout).text(), new Response(run.stderr).text()]);
  return { code: await run.exited, said: said.join("") };
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
}

interface Dashboard {
  readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
}

function readYaml(name: string): unknown {
  return parse(readFileSync(join(folder, name), "utf8"));
}

const { groups } = readYaml("praetor-rules.yml") as { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(readFileSync(join(folder, "praetor-dashboard.json"), "utf8")) as Dashboard;
const expressions = [
  ...rules.map(({ expr }) => expr),
  ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
];
const asked = new Set(expressions.flatMap((expr) => expr.match(/\b(?:praetor|consul|process)_\w+/g) ?? []));

test("Prometheus takes the example's configuration and rules, and each alert fires when it is to, and not else", async () => {
  expect(await promtool(["check", "config", "prometheus.yml"])).toMatchObject({ code: 0 });
  expect(await promtool(["test", "rules", "praetor-rules.test.yml"])).toMatchObject({ code: 0 });
  const { tests } = readYaml("praetor-rules.test.yml") as { readonly tests: readonly { readonly name: string }[] };
  const cases = rules.flatMap(({ alert }) => [`${alert} fires`, `${alert} is silent`]);
  expect(tests.map(({ name }) => name).toSorted()).toEqual(cases.toSorted());
});

test("Prometheus takes the agent's metrics", async () => {
  // The code 3 is for names that promtool would choose otherwise; 1 is for text that Prometheus cannot read.
  const { code, said } = await promtool(["check", "metrics"], scraped);
  expect(code === 1 ? said : "").toBe("");
  expect(await promtool(["check", "metrics"], `${scraped}\nbroken{`)).toMatchObject({ code: 1 });
});

test("docs/metrics.md has every metric of the alerts and of the dashboard", () => {
  const document = readFileSync(join(import.meta.dir, "../../docs/metrics.md"), "utf8");
  const listed = tableRows(document, "metric").map(([name]) => name.replaceAll(/[^A-Za-z0-9_<>]/g, "_"));
  const known = new Set([...listed, ...(document.match(/process_\w+/g) ?? []), "consul_http_"]);
  const unknown = [...asked].filter((name) => !known.has(name) && !known.has(name.replace(/_(?:sum|count)$/, "")));
  expect(asked.size).toBeGreaterThan(20);
  expect(unknown).toEqual([]);
});

test("an agent has every metric of the alerts and of the dashboard, but for those of parts that it does not run", () => {
  const optional = /^(?:praetor_(?:bus|tls|backup)_|consul_autopilot_|consul_dns_|praetor_store_refused$)/;
  const missing = [...asked].filter((name) => !optional.test(name) && !new RegExp(`^${name}`, "m").test(scraped));
  expect(missing).toEqual([]);
});
