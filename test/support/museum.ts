import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { AgentProcess, Sandbox } from "./agent-process.ts";

/*
 * The museum, test/museum: for each release a data folder that its agent has written, and what that agent answered. Later agents must
 * answer the same from it (test/e2e/museum.test.ts). scripts/make-museum.ts adds the folder of a release.
 */

export const museum: string = resolve(import.meta.dir, "../museum");

/** A data folder of the museum. */
export interface Exhibit {
  /** The version that wrote it: "0.1.0". */
  readonly version: string;
  /** The answers of the agent of that version, by path. */
  readonly answers: Readonly<Record<string, unknown>>;
}

export function exhibitOf(version: string): Exhibit {
  const answers: unknown = JSON.parse(readFileSync(join(museum, version, "answers.json"), "utf8"));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- make-museum.ts wrote it
  return { version, answers: answers as Exhibit["answers"] };
}

export function keepExhibit({ version, answers }: Exhibit, dataDir: string): void {
  const folder = join(museum, version);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "answers.json"), `${JSON.stringify(answers, undefined, 2)}\n`);
  cpSync(dataDir, join(folder, "store"), { recursive: true });
}

/** The bootstrap token of the agents of the museum, which no other agent has. */
const token = "6f1c2c1e-0000-4000-8000-0000000000a1";
const secure = `acl { enabled = true, default_policy = "deny", tokens { master = "${token}" } }`;

/** Starts an agent with a data folder. */
export async function startOn(sandbox: Sandbox, dataDir: string): Promise<AgentProcess> {
  const agent = await sandbox.start("-data-dir", dataDir, "-hcl", secure);
  await agent.ready();
  return agent;
}

async function send(agent: AgentProcess, method: string, path: string, body?: unknown): Promise<unknown> {
  const headers = { "X-Consul-Token": token, "User-Agent": "curl/8.0", "X-Praetor-Reason": "for the museum" };
  const answer = await agent.send(method, path, { headers, ...(body !== undefined && { body }) });
  if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
  return answer.text === "" ? undefined : answer.json;
}

/** Gives an agent something of each kind that its data folder keeps. Its keys begin with "old/". */
export async function furnishForMuseum(agent: AgentProcess): Promise<void> {
  const put = (path: string, body?: unknown): Promise<unknown> => send(agent, "PUT", path, body);
  await put("/v1/kv/old/edgex/core/1.0/core-data/Writable/LogLevel", "INFO");
  await put("/v1/kv/old/edgex/core/1.0/core-data/Writable/LogLevel?flags=7", "DEBUG");
  await put("/v1/kv/old/gone", "was here");
  await send(agent, "DELETE", "/v1/kv/old/gone");
  await put("/v1/kv/old/empty", "");
  await put("/v1/kv/old/t%C3%BCr/%2F%2F", "\u0000 and a zero");
  const set = (Key: string): object => ({ KV: { Verb: "set", Key, Value: btoa(Key), Flags: 1 } });
  await put("/v1/txn", [set("old/txn/a"), set("old/txn/b")]);
  await put("/v1/agent/service/register", {
    ...{ Name: "oven", ID: "oven-1", Port: 48_080, Address: "192.0.2.7", Tags: ["hall-2", "a"] },
    ...{ Meta: { unit: "celsius" }, Weights: { Passing: 3, Warning: 1 }, EnableTagOverride: true },
    TaggedAddresses: { lan: { Address: "192.0.2.7", Port: 48_081 } },
  });
  await put("/v1/catalog/register", {
    ...{ Node: "plc-7", Address: "192.0.2.9", NodeMeta: { "external-node": "true" } },
    Service: { Service: "press", Port: 502, Tags: ["modbus"] },
    Check: { CheckID: "press-up", Name: "press up", Status: "warning", Output: "slow", ServiceID: "press" },
  });
  const session = await put("/v1/session/create", { Name: "keeper", Node: "plc-7", Checks: [], Behavior: "delete" });
  await put(`/v1/kv/old/leader?acquire=${idOf(session)}`, "plc-7");
  await send(agent, "POST", "/v1/query", { Name: "ovens", Service: { Service: "oven", Tags: ["a"] } });
  await put("/v1/acl/policy", { Name: "readers", Rules: 'key_prefix "edgex/" { policy = "read" }' });
  await put("/v1/acl/role", { Name: "operators", Policies: [{ Name: "readers" }] });
  await put("/v1/acl/token", { Description: "of the museum", Policies: [{ Name: "readers" }] });
  await put("/v1/operator/autopilot/configuration", { CleanupDeadServers: false });
  const change = { Key: "old/tried", Value: btoa("1") };
  const trial = await put("/v1/praetor/kv-trial", { Changes: [change], Services: ["oven"], For: "1h", Confirm: true });
  await put(`/v1/praetor/kv-trial-confirm/${idOf(trial)}`);
}

function idOf(answer: unknown): string {
  return typeof answer === "object" && answer !== null && "ID" in answer ? String(answer.ID) : "";
}

/** The reads whose answers a data folder decides alone. */
const reads = [
  "/v1/kv/old/?recurse",
  "/v1/praetor/kv-history/old/?recurse",
  "/v1/praetor/kv-history/old/edgex/core/1.0/core-data/Writable/LogLevel",
  "/v1/praetor/kv-history/old/gone",
  "/v1/praetor/kv-origin/old/?recurse",
  "/v1/praetor/kv-trials",
  "/v1/agent/service/oven-1",
  "/v1/catalog/node-services/plc-7",
  "/v1/catalog/service/oven",
  "/v1/health/node/plc-7",
  "/v1/session/list",
  "/v1/query",
  "/v1/acl/policies",
  "/v1/acl/roles",
  "/v1/acl/tokens",
  "/v1/operator/autopilot/configuration",
] as const;

/** Resolves with the agent's answers by path. */
export async function answersFor(agent: AgentProcess): Promise<Record<string, unknown>> {
  const answers: Record<string, unknown> = {};
  for (const path of reads) answers[path] = await send(agent, "GET", path);
  return answers;
}

/** Writes a key that no data folder of the museum has. */
export async function writeNewKey(agent: AgentProcess): Promise<void> {
  await send(agent, "PUT", "/v1/kv/new", "1");
}

export function readNewKey(agent: AgentProcess): Promise<unknown> {
  return send(agent, "GET", "/v1/kv/new");
}
