import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { atLength } from "../support/at-length.ts";
import { freePorts } from "../support/free-ports.ts";
import { tellFigures, tellProgress } from "../support/progress.ts";
import { residentMiB } from "../support/resident-memory.ts";

const connections = Number(process.env["CONNECTIONS"] ?? 2_000);
/** Number of rounds. In each round, which takes about a second, each connection sends one request. */
const rounds = Number(process.env["ROUNDS"] ?? atLength({ short: 12, long: 600 }));
const seed = process.env["SEED"] ?? "1";
/** Maximum ratio of the memory in the last third of a run to that in the middle third. */
const growthMax = 1.1;
/**
 * Maximum number of load runs. Memory becomes flat only after some garbage collections, so the test repeats the load until memory
 * is flat. With a leak, it never is.
 */
const attemptsMax = 5;

const sandbox = openSandbox();
afterAll(() => sandbox.close());

interface Outcome {
  readonly counts: Readonly<Record<string, number>>;
  readonly failures: { readonly count: number; readonly first: readonly string[] };
  readonly acknowledged: Readonly<Record<string, string>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

async function startAgent(dnsPort: number): Promise<AgentProcess> {
  const dataDir = join(sandbox.folder, "data");
  const hcl = "limits { http_max_conns_per_client = 0 }";
  const agent = await sandbox.start("-data-dir", dataDir, "-dns-port", String(dnsPort), "-hcl", hcl);
  await agent.ready();
  return agent;
}

/** Runs the load generator in another process; returns its result, and the agent's memory four times a second. */
async function load(agent: AgentProcess, dnsPort: number): Promise<{ outcome: Outcome; memoryMiB: number[] }> {
  const script = join(import.meta.dir, "../support/load/generator.ts");
  const words = [agent.url, dnsPort, connections, rounds, seed].map(String);
  const generator = Bun.spawn([process.execPath, script, ...words], { stdout: "pipe", stderr: "inherit" });
  const said = new Response(generator.stdout).json() as Promise<Outcome>;
  const memoryMiB: number[] = [];
  while (generator.exitCode === null) {
    memoryMiB.push(residentMiB(agent.pid).now);
    tellProgress(() => `${Math.floor(memoryMiB.length / 4)} s of about ${rounds}: ${memoryMiB.at(-1)?.toFixed(0)} MiB`);
    await Promise.race([generator.exited, Bun.sleep(250)]);
  }
  return { outcome: await said, memoryMiB };
}

/** Returns the present value of each key, the port of each service and the status of each check, as the agent shows them. */
async function read(agent: AgentProcess): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const rows = async <Row>(path: string): Promise<readonly Row[]> =>
    Object.values((await agent.send("GET", path)).json as Record<string, Row>);
  for (const { Key, Value } of await rows<{ Key: string; Value: string }>("/v1/kv/load?recurse"))
    found.set(`key ${Key}`, atob(Value));
  for (const { ID, Port } of await rows<{ ID: string; Port: number }>("/v1/agent/services"))
    found.set(`service ${ID}`, String(Port));
  for (const { CheckID, Status } of await rows<{ CheckID: string; Status: string }>("/v1/health/state/any"))
    found.set(`check ${CheckID}`, Status);
  return found;
}

async function lostOf(acknowledged: Outcome["acknowledged"], agent: AgentProcess): Promise<readonly string[]> {
  const found = await read(agent);
  return Object.entries(acknowledged)
    .filter(([place, value]) => found.get(place) !== value)
    .map(([place, value]) => `${place}: ${found.get(place) ?? "absent"}, not ${value}`);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

test(`${connections} connections of mixed traffic for ${rounds} rounds (SEED=${seed}): no request fails, memory stays flat, and no acknowledged write is lost`, async () => {
  const [dnsPort = 0] = await freePorts(1);
  const agent = await startAgent(dnsPort);
  const acknowledged: Record<string, string> = {};
  let growth = Infinity;
  for (let attempt = 0; attempt < attemptsMax && growth >= growthMax; attempt++) {
    const { outcome, memoryMiB } = await load(agent, dnsPort);
    const third = Math.floor(memoryMiB.length / 3);
    const [middleMiB, lastMiB] = [mean(memoryMiB.slice(third, 2 * third)), mean(memoryMiB.slice(2 * third, 3 * third))];
    growth = lastMiB / middleMiB;
    const { counts, failures, p50Ms, p99Ms, maxMs } = outcome;
    const mostMiB = residentMiB(agent.pid).most;
    tellFigures(JSON.stringify({ ...counts, p50Ms, p99Ms, maxMs, middleMiB, lastMiB, mostMiB }));
    expect(failures).toEqual({ count: 0, first: [] });
    Object.assign(acknowledged, outcome.acknowledged);
  }
  expect(growth).toBeLessThan(growthMax);
  expect(Object.keys(acknowledged).length).toBeGreaterThan(connections / 3);
  expect(await lostOf(acknowledged, agent)).toEqual([]);
  agent.signal("SIGKILL");
  await agent.ended();
  const again = await startAgent(dnsPort);
  expect(await lostOf(acknowledged, again)).toEqual([]);
});
