/**
 * Records the effect of variables and flags on the command line of a real Consul, in consul.jsonl (cases) and
 * proxied.json (proxied):
 * CONSUL_BINARY=... unshare -rn sh -c 'ip link set lo up; bun record.ts [cases|proxied]'
 * Without a network, a direct connection to a foreign address fails at once.
 * Every pair of values occurs in at least one case, if possible in a case with a request, since an error hides the
 * effect of the other values.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Case, caseText, type Given, invocationOf, outcomeOf, type Outcome } from "./cases.ts";
import { noProxies, parameters, proxiedAddresses, refused } from "./parameters.ts";
import { RecordingServers } from "./recording-servers.ts";

const consul = process.env["CONSUL_BINARY"] ?? "consul";
/** How many cases are run at most for a pair of values until one of them sends a request. */
const attemptsMax = 8;
await using servers = await RecordingServers.start();
let seed = 1;
/** Returns a pseudorandom integer from 0 to `below` - 1. Its seed is fixed, so that a new recording has the same cases. */
function random(below: number): number {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed % below;
}

const names = Object.keys(parameters);
/** The pairs of values that no case with a request has yet, with the number of cases that were run for them. */
const attempts = new Map(
  names.flatMap((name) => valuesOf(name).flatMap((value) => pairsWith(name, value))).map((pair) => [pair, 0]),
);

const wanted = process.argv[2];
if (wanted !== "proxied") await recordCases();
if (wanted !== "cases") await recordProxied();

async function recordCases(): Promise<void> {
  const cases: Case[] = [];
  for (const given of refused) cases.push(await record(given));
  for (;;) {
    const open = [...attempts].filter(([, count]) => count < attemptsMax);
    const fewest = Math.min(...open.map(([, count]) => count));
    const next = open.find(([, count]) => count === fewest);
    if (next === undefined) break;
    const row = rowWith(next[0]);
    const recorded = await record(row);
    const isSeen = recorded.outcome.requests !== undefined;
    let isNews = false;
    for (const pair of pairsOf(row)) {
      const count = attempts.get(pair);
      if (count === undefined) continue;
      if (isSeen) attempts.delete(pair);
      else attempts.set(pair, count + 1);
      isNews ||= isSeen || count === 0;
    }
    if (isNews) cases.push(recorded);
  }
  writeFileSync(join(import.meta.dir, "consul.jsonl"), cases.map((each) => `${caseText(each)}\n`).join(""));
  const seen = cases.filter(({ outcome }) => outcome.requests !== undefined).length;
  console.log(`${cases.length} cases, ${seen} with a request; pairs seen only in errors: ${attempts.size}`);
  for (const pair of attempts.keys()) console.log(pair);
}

async function recordProxied(): Promise<void> {
  const proxied = new Map<string, string>();
  for (const noProxy of noProxies) {
    const ways: string[] = [];
    for (const address of proxiedAddresses) ways.push(await wayTo(address, noProxy));
    proxied.set(noProxy, ways.join(""));
  }
  writeFileSync(
    join(import.meta.dir, "proxied.json"),
    `${JSON.stringify(Object.fromEntries(proxied), undefined, 2)}\n`,
  );
}

/**
 * Returns the values to try; "" means that the variable or flag is absent. CONSUL_HTTP_ADDR is never absent, or the result
 * would depend on what listens at port 8500.
 */
function valuesOf(name: string): readonly string[] {
  return [...(name === "CONSUL_HTTP_ADDR" ? [] : [""]), ...(parameters[name] ?? [])];
}

/**
 * Returns the pairs of this value with each value of the later variables and flags. A unix socket and a proxy form no
 * pair: see rowWith.
 */
function pairsWith(name: string, value: string): readonly string[] {
  const later = names.slice(names.indexOf(name) + 1);
  return later.flatMap((other) =>
    valuesOf(other)
      .filter((otherValue) => !(value.startsWith("unix:") && isProxy(other) && otherValue !== ""))
      .map((otherValue) => pairText(name, value, { name: other, value: otherValue })),
  );
}

function pairText(name: string, value: string, other: { name: string; value: string }): string {
  return JSON.stringify([name, value, other.name, other.value]);
}

function pairsOf(row: ReadonlyMap<string, string>): readonly string[] {
  return names.flatMap((name, at) =>
    names
      .slice(at + 1)
      .map((other) => pairText(name, row.get(name) ?? "", { name: other, value: row.get(other) ?? "" })),
  );
}

/** Returns a case with this pair of values. Every other variable and flag gets a value that forms many new pairs. */
function rowWith(pair: string): ReadonlyMap<string, string> {
  const [name, value, other, otherValue] = JSON.parse(pair) as [string, string, string, string];
  const row = new Map([
    [name, value],
    [other, otherValue],
  ]);
  const rest = names.filter((each) => !row.has(each)).map((each) => ({ each, order: random(1_000) }));
  for (const { each } of rest.toSorted((a, b) => a.order - b.order)) {
    const ranked = valuesOf(each).map((candidate) => {
      const fresh = [...row].filter(([known, knownValue]) =>
        attempts.has(orderedPair(each, candidate, { name: known, value: knownValue })),
      );
      return { candidate, rank: fresh.length * 1_000 + random(3_000) };
    });
    row.set(each, ranked.toSorted((a, b) => b.rank - a.rank)[0]?.candidate ?? "");
  }
  // Consul would send a proxy's requests into the socket, which no server understands.
  const isSocket = (row.get("-http-addr") || row.get("CONSUL_HTTP_ADDR"))?.startsWith("unix:");
  if (isSocket) for (const each of names.filter(isProxy)) row.set(each, "");
  return row;
}

function isProxy(parameter: string): boolean {
  return /proxy$/i.test(parameter);
}

function orderedPair(name: string, value: string, other: { name: string; value: string }): string {
  return names.indexOf(name) < names.indexOf(other.name)
    ? pairText(name, value, other)
    : pairText(other.name, other.value, { name, value });
}

async function record(joined: Given): Promise<Case> {
  const given = new Map(
    [...joined].flatMap(([all, values]) =>
      all.split("+").map((name, at) => [name, values.split("+")[at] ?? ""] as const),
    ),
  );
  return { given, outcome: await runConsul(given) };
}

async function runConsul(given: Given): Promise<Outcome> {
  const { env, flags } = invocationOf(given, servers);
  servers.takeSeen();
  const child = Bun.spawn([consul, "kv", "get", ...flags, "a"], { env, stdout: "ignore", stderr: "pipe" });
  const [stderr, code] = await Promise.all([new Response(child.stderr).text(), child.exited]);
  return outcomeOf(servers.takeSeen(), { code, stderr });
}

/** Returns "p" if the command sends its request to the proxy, "-" if it connects directly. */
async function wayTo(address: string, noProxy: string): Promise<"p" | "-"> {
  servers.takeSeen();
  const env = { HTTP_PROXY: servers.expand("http://127.0.0.1:{proxy}"), NO_PROXY: noProxy, CONSUL_HTTP_ADDR: address };
  const child = Bun.spawn([consul, "kv", "get", "a"], { env, stdout: "ignore", stderr: "ignore" });
  await child.exited;
  return servers.takeSeen().length > 0 ? "p" : "-";
}
