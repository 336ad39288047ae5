/**
 * Measures what the web UI's requests take of the agent's main thread: `bun bench/ui.ts [services=5000] [keys=50000] [rounds=9]`.
 *
 * The agent runs from source. It has the services, each with two checks, of which one in a hundred is critical, and the keys in
 * folders of a thousand. Each request is measured after a change of a check and of a key, and then repeated. The goal: no turn of
 * the event loop takes more than 5 ms of processor time, so other requests never wait longer for an answer to the UI.
 */
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runtimeOptions } from "../scripts/compile-program.ts";
import { forEachAtOnce, numbersBelow } from "./lib/at-once.ts";
import { repository } from "./lib/binaries.ts";
import { freePorts } from "./lib/free-ports.ts";
import { median } from "./lib/statistics.ts";
import { until } from "./lib/until.ts";

const [services = 5_000, keys = 50_000, rounds = 9] = process.argv.slice(2).map(Number);
const goalUs = 5_000;
const keysOfFolder = 1_000;
const operationsOfTxn = 64;

/** The requests of the UI's screens. The script and the style of the page are added when the page is known. */
const paths: readonly string[] = [
  "/v1/praetor/overview",
  "/v1/praetor/changes?topics=services,health,ports,kv:edgex/",
  "/v1/praetor/doctor",
  "/v1/praetor/transitions?limit=4096",
  "/v1/praetor/search?q=setting-77",
  "/v1/praetor/search?q=nowhere",
  "/v1/praetor/log?lines=1000",
  "/v1/praetor/metrics-series",
  "/v1/praetor/registrations",
  "/v1/praetor/ports",
  "/v1/praetor/watchers/edgex/folder-1/setting-1001",
  "/v1/kv/?keys&separator=/",
  "/v1/kv/edgex/?keys&separator=/",
  "/v1/kv/edgex/folder-1/?keys&separator=/",
  "/v1/kv/edgex/folder-1/?recurse",
  "/v1/kv/edgex/folder-1/setting-1001",
  "/v1/internal/ui/services",
  "/v1/internal/ui/nodes",
  "/v1/health/state/critical?since",
  "/v1/health/state/warning?since",
  "/v1/health/service/device-1?since",
  "/v1/agent/checks?definitions",
  "/v1/agent/services",
  "/v1/agent/self",
  "/v1/session/list",
  "/ui/",
  "/ui/plain",
];

const [folder, { http, dns, serfLan, serfWan, server }] = [
  await mkdtemp(join(tmpdir(), "ui-bench-")),
  freePorts("http", "dns", "serfLan", "serfWan", "server"),
];
const url = `http://127.0.0.1:${http}`;
const answersUs: ((us: number) => void)[] = [];
const agent = Bun.spawn(
  [
    ...[process.execPath, ...runtimeOptions, "--preload", join(repository, "bench/programs/turns.ts")],
    ...[join(repository, "src/main.ts"), "agent", "-server", "-bootstrap", "-ui", "-data-dir", join(folder, "data")],
    ...["-bind", "127.0.0.1", "-client", "127.0.0.1", "-http-port", `${http}`, "-dns-port", `${dns}`],
    ...["-serf-lan-port", `${serfLan}`, "-serf-wan-port", `${serfWan}`, "-server-port", `${server}`],
    ...["-grpc-port", "-1", "-log-level", "warn"],
  ],
  {
    stdio: ["ignore", Bun.file(join(folder, "agent.log")), Bun.file(join(folder, "agent.log"))],
    ipc: (message) => answersUs.shift()?.(Number(message)),
  },
);

async function send(method: string, path: string, body?: unknown): Promise<Uint8Array> {
  const request = { method, headers: { "Accept-Encoding": "gzip" }, decompress: false };
  const response = await fetch(url + path, body === undefined ? request : { ...request, body: JSON.stringify(body) });
  const bytes = await response.bytes();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${Buffer.from(bytes).toString()}`);
  return bytes;
}

async function fill(): Promise<void> {
  await forEachAtOnce(numbersBelow(services), (service) => {
    const Checks = ["up", "disk"].map((name, at) => ({
      ...{ CheckID: `${name}-${service}`, Name: `${name} of device-${service}`, TTL: "24h" },
      Status: service % 100 === 0 && at === 0 ? "critical" : "passing",
    }));
    const Service = { Name: `device-${service}`, Address: "127.0.0.1", Port: 1_024 + service, Tags: ["bench"], Checks };
    return send("PUT", "/v1/agent/service/register", Service);
  });
  await forEachAtOnce(numbersBelow(Math.ceil(keys / operationsOfTxn)), (txn) => {
    const first = txn * operationsOfTxn;
    const count = Math.min(operationsOfTxn, keys - first);
    const set = Array.from({ length: count }, (_none, at) => ({ KV: { Verb: "set", ...keyAt(first + at) } }));
    return send("PUT", "/v1/txn", set);
  });
  await send("PUT", "/v1/session/create", { Name: "bench" });
}

function keyAt(key: number): { readonly Key: string; readonly Value: string } {
  const value = `value ${key} `.padEnd(128, "x");
  return { Key: `edgex/folder-${Math.floor(key / keysOfFolder)}/setting-${key}`, Value: btoa(value) };
}

let changes = 0;

/** Changes a check's status and a key, so that no answer to the UI may be sent again. */
async function change(): Promise<void> {
  changes += 1;
  await send("PUT", `/v1/agent/check/${changes % 2 === 0 ? "pass" : "fail"}/up-1?note=${changes}`);
  await send("PUT", "/v1/kv/edgex/folder-1/setting-1001", changes);
}

/** Returns the processor time of the agent's main thread in µs while it answers, and the answer's size in bytes. */
async function measure(path: string, what: "turns" | "sum"): Promise<{ readonly us: number; readonly bytes: number }> {
  agent.send(what);
  const { length: bytes } = await send("GET", path);
  const answer = Promise.withResolvers<number>();
  answersUs.push(answer.resolve);
  agent.send("end");
  return { us: await answer.promise, bytes };
}

interface Cost {
  readonly longestUs: number;
  readonly sumUs: number;
  readonly bytes: number;
}

async function costOf(path: string, before: () => Promise<void>): Promise<Cost> {
  const [turns, sums]: [number[], number[]] = [[], []];
  let size = 0;
  for (let round = 0; round < rounds; round += 1) {
    await before();
    turns.push((await measure(path, "turns")).us);
    await before();
    const { us, bytes } = await measure(path, "sum");
    sums.push(us);
    size = bytes;
  }
  return { longestUs: median(turns), sumUs: median(sums), bytes: size };
}

function ms(us: number): string {
  return (us / 1_000).toFixed(2).padStart(8);
}

try {
  await until("the agent takes writes", { withinMs: 30_000, everyMs: 50 }, () =>
    send("PUT", "/v1/kv/started", 1).then(
      () => true,
      () => false,
    ),
  );
  await fill();
  const page = Buffer.from(Bun.gunzipSync(Uint8Array.from(await send("GET", "/ui/")))).toString();
  const assets = new Set([...page.matchAll(/assets\/[\w.-]+/g)].map(([asset]) => `/ui/${asset}`));
  console.log(
    `${services} services with two checks each, ${keys} keys; processor time of the agent's main thread in ms`,
  );
  console.log("after a change:  repeated:");
  console.log(" longest     sum  longest     sum    bytes  answer");
  let isOver = false;
  for (const path of [...paths, ...assets]) {
    await send("GET", path);
    const [first, again] = [await costOf(path, change), await costOf(path, () => Promise.resolve())];
    const times = [first.longestUs, first.sumUs, again.longestUs, again.sumUs].map(ms).join("");
    const isLong = Math.max(first.longestUs, again.longestUs) > goalUs;
    isOver ||= isLong;
    console.log(`${times} ${String(first.bytes).padStart(8)}  ${path}${isLong ? "  OVER 5 ms" : ""}`);
  }
  if (isOver) process.exitCode = 1;
} finally {
  agent.kill();
  await agent.exited;
  rmSync(folder, { recursive: true });
}
