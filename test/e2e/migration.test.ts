import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportCommand } from "../../src/cli/commands/export.ts";
import { importCommand } from "../../src/cli/commands/import.ts";
import { type CannedAgent, type CannedRequest, startCannedAgent } from "../support/canned-agent.ts";
import { startCannedKeeper } from "../support/canned-keeper.ts";
import { type CommandRun, runCommandWith } from "../support/command-io.ts";
import { type Answer, exchange } from "../support/exchange.ts";
import { oldConsulAnswer, oldConsulFolder } from "../support/old-consul.ts";
import { startTarget, type Target } from "../support/target.ts";

let folder: string;
let here: Target;
let second: Target;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "migration-"));
  [here, second] = await Promise.all([startTarget(), startTarget()]);
});
afterAll(async () => {
  await Promise.all([here.stop(), second.stop()]);
  rmSync(folder, { recursive: true });
});

const get = (path: string, at = here): Promise<Answer> => exchange(at.url, "GET", { path });
const put = (path: string, body?: unknown): Promise<Answer> => exchange(here.url, "PUT", { path, body });
const importFrom = (...words: readonly string[]): Promise<CommandRun> =>
  runCommandWith(importCommand, words, { env: { CONSUL_HTTP_ADDR: here.url } });

/** Returns the row for `noun` in the table that an import prints. */
function counts({ stdout }: CommandRun, noun: string): string | undefined {
  return stdout
    .split("\n")
    .find((line) => line.startsWith(noun))
    ?.slice(noun.length)
    .trim()
    .replace(/\s+/g, " ");
}

const snapshot = `-from-consul=${join(oldConsulFolder, "backup.snap")}`;

describe("an import from Consul", () => {
  test("with -dry-run prints its plan and changes nothing", async () => {
    const run = await importFrom("-dry-run", "-verbose", snapshot);
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(run.stdout).toStartWith("Would import from the Consul snapshot ");
    expect(counts(run, "keys")).toBe("7 0 0");
    expect(run.stdout).toContain("new: services edgex-core-data\n");
    expect(run.stdout).toContain("Locks are not imported, only the values: 1 key locked there.\n");
    expect(run.stdout).toContain('"service:kong-db" of kong-db: the source does not tell which program it runs.\n');
    expect((await get("/v1/kv/?keys")).json).toEqual([]);
    expect((await get("/v1/agent/services")).text).toBe("{}");
  });

  test("keeps the agent's entries with other values unless it may overwrite them, and a second run changes nothing", async () => {
    await put("/v1/kv/bytes", "changed here");
    using consul = startCannedAgent(oldConsulAnswer);
    const kept = await importFrom(`-from-consul=${consul.url}`);
    expect(kept).toMatchObject({ code: 0, stderr: "" });
    expect(["keys", "services", "other nodes", "prepared queries"].map((noun) => counts(kept, noun))).toEqual([
      ...["6 1 0", "4 0 0", "1 0 0", "1 0 0"],
    ]);
    expect(kept.stdout).toContain("-verbose lists them, -overwrite takes the others");
    expect((await get("/v1/kv/bytes?raw")).text).toBe("changed here");
    expect(counts(await importFrom("-overwrite", `-from-consul=${consul.url}`), "keys")).toBe("0 1 6");
    expect((await get("/v1/kv/bytes?raw")).bytes.toString("hex")).toBe("00ff80200d0a");
    const again = await importFrom("-overwrite", `-from-consul=${consul.url}`);
    expect(["keys", "services", "other nodes", "prepared queries"].map((noun) => counts(again, noun))).toEqual([
      ...["0 0 7", "0 0 4", "0 0 1", "0 0 1"],
    ]);
    expect(consul.requests.every(({ method }) => method === "GET")).toBe(true);
  });

  test("copies keys with their flags, services with their checks, other nodes and prepared queries", async () => {
    expect((await get("/v1/kv/edgex/core/1.0/edgex-core-data/Service/Port")).text).toContain(
      '"Flags":18446744073709551615',
    );
    const keys = ["/slash/../first", "a//b/", "bytes", "edgex/core/1.0/edgex-core-data"];
    expect((await get("/v1/kv/?keys")).json).toEqual([...keys, `${keys[3]}/Service/Port`, "empty", "locked"]);
    const { json } = await get("/v1/agent/checks?definitions");
    expect(json).toMatchObject({
      "Health Check: edgex-core-data": {
        ServiceID: "edgex-core-data",
        Definition: { HTTP: "http://127.0.0.1:18711/v1/status/leader", Interval: "10s" },
      },
      "service:edgex-redis": { Name: "status", Definition: { TCP: "127.0.0.1:18711", Interval: "10s" } },
    });
    expect((await get("/v1/agent/service/others")).json).toMatchObject({
      Weights: { Passing: 2, Warning: 1 },
      Meta: { a: "b" },
    });
    expect((await get("/v1/health/service/printer")).json).toMatchObject([
      {
        Node: { Node: "printer-1" },
        Service: { Port: 9100 },
        Checks: [{ CheckID: "p", Status: "passing", Output: "ok" }],
      },
    ]);
    expect((await get("/v1/query")).json).toMatchObject([{ Name: "redis", DNS: { TTL: "10s" } }]);
  });

  test("keeps checks of the agent that the source does not list, even with the flag to overwrite", async () => {
    await put("/v1/agent/service/register", {
      Name: "kong-db",
      Tags: ["other"],
      Check: { CheckID: "service:kong-db", TTL: "1h" },
    });
    expect(counts(await importFrom("-overwrite", snapshot), "services")).toBe("0 1 3");
    expect((await get("/v1/agent/service/kong-db")).json).toMatchObject({ Tags: ["database"] });
    expect((await get("/v1/agent/checks")).json).toMatchObject({ "service:kong-db": { Type: "ttl" } });
  });

  test("overwrites a prepared query and keeps its local id", async () => {
    const [query] = (await get("/v1/query")).json as { readonly ID: string }[];
    await put(`/v1/query/${query?.ID}`, { Name: "redis", Service: { Service: "another" } });
    expect(counts(await importFrom("-overwrite", snapshot), "prepared queries")).toBe("0 1 0");
    expect((await get("/v1/query")).json).toMatchObject([{ ID: query?.ID, Service: { Service: "edgex-redis" } }]);
  });

  test("can be limited to keys with a prefix", async () => {
    expect(counts(await importFrom("-dry-run", "-prefix=edgex/", snapshot), "keys")).toBe("0 0 2");
  });
});

test("an import of Praetor's own snapshot finds everything up to date", async () => {
  const path = join(folder, "praetor.snap");
  await Bun.write(path, new Uint8Array((await get("/v1/snapshot")).bytes));
  const run = await importFrom("-dry-run", `-from-consul=${path}`);
  expect(run.stdout).toStartWith(`Would import from the Praetor snapshot ${path} to `);
  expect(["keys", "services", "other nodes", "prepared queries"].map((noun) => counts(run, noun))).toEqual([
    ...["0 0 7", "0 0 4", "0 0 1", "0 0 1"],
  ]);
});

describe("an export", () => {
  const exportTo = (name: string, at = here): Promise<CommandRun> =>
    runCommandWith(exportCommand, [join(folder, name)], { env: { CONSUL_HTTP_ADDR: at.url } });
  const files = (name: string): ReadonlyMap<string, string> => {
    const entries = readdirSync(join(folder, name), { recursive: true, withFileTypes: true });
    const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    return new Map(paths.toSorted().map((path) => [path.slice(join(folder, name).length), readFileSync(path, "hex")]));
  };

  test("equals the export of a second agent that imported it", async () => {
    expect((await exportTo("one")).stdout).toMatch(/^Exported 7 keys, 4 services, 1 other node, 1 prepared query to /);
    const env = { CONSUL_HTTP_ADDR: second.url };
    const imported = await runCommandWith(importCommand, [join(folder, "one")], { env });
    expect(imported).toMatchObject({ code: 0, stderr: "" });
    expect((await exportTo("two", second)).code).toBe(0);
    expect(files("two")).toEqual(files("one"));
    expect((await get("/v1/kv/bytes?raw", second)).bytes.toString("hex")).toBe("00ff80200d0a");
  });

  test("into the same folder writes only changed files", async () => {
    await put("/v1/kv/empty", "no more");
    await exchange(here.url, "DELETE", { path: "/v1/kv/locked" });
    expect((await exportTo("one")).stdout).toMatch(/: 1 file written, 1 removed, 14 as before\.\n$/);
  });
});

describe("an import from a core-keeper", () => {
  const check = { interval: "10s", path: "/api/v3/ping", type: "http" };
  const keeper = {
    values: { "edgex/v4/core-data/Writable/LogLevel": "INFO", "edgex/v4/core-data/empty": "", "other/key": "x" },
    registrations: [
      { serviceId: "core-data", status: "UP", host: "127.0.0.1", port: 59880, HealthCheck: check },
      { serviceId: "gone", status: "HALT", host: "127.0.0.1", port: 59881, HealthCheck: check },
      { serviceId: "daily", status: "DOWN", host: "127.0.0.1", port: 59882, HealthCheck: { ...check, interval: "1d" } },
    ],
    token: "jwt",
  } as const;

  test("copies keys, and services that are not halted, and reports what it skips", async () => {
    using canned = startCannedKeeper(keeper);
    const run = await importFrom(`-from-keeper=${canned.url}`, "-from-token=jwt");
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect([counts(run, "keys"), counts(run, "services")]).toEqual(["2 0 0", "1 0 0"]);
    expect(run.stdout).toContain("1 service that left (HALT): gone.\n");
    expect(run.stdout).toContain("Skipped: the service daily: ");
    expect((await get("/v1/kv/edgex/v4/core-data/Writable/LogLevel?raw")).text).toBe("INFO");
    expect((await get("/v1/agent/checks?definitions")).json).toMatchObject({
      "Health Check: core-data": { Definition: { HTTP: "http://127.0.0.1:59880/api/v3/ping", Interval: "10s" } },
    });
  });

  test("reads the keys below the prefix that -prefix sets, and fails without core-keeper's token", async () => {
    using canned = startCannedKeeper(keeper);
    const others = await importFrom("-dry-run", `-from-keeper=${canned.url}`, "-from-token=jwt", "-prefix=other");
    expect(counts(others, "keys")).toBe("1 0 0");
    const refused = await importFrom(`-from-keeper=${canned.url}`);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("Unexpected response code: 401");
  });
});

describe("an import that is interrupted or partly refused", () => {
  const many = Array.from({ length: 200 }, (_, at) => ({ key: `many/${at}`, flags: 0, value: "eA==" }));
  const path = (): string => join(folder, "many.json");

  /** Starts a proxy to the agent, which forwards each request that `instead` does not answer. */
  function startProxy(instead: (request: CannedRequest) => Response | undefined): CannedAgent {
    return startCannedAgent(async (request) => {
      const { method, target, body } = request;
      const answered = instead(request);
      if (answered) return answered;
      const more = body === "" ? {} : { body: Buffer.from(body) };
      const { status, text } = await exchange(here.url, method, { path: target, ...more });
      return new Response(text, { status });
    });
  }

  /** Starts a proxy to the agent that calls `end` at the second transaction, and does not forward that transaction. */
  function startInterrupted(end: (proxy: CannedAgent) => void): CannedAgent {
    let transactions = 0;
    const proxy = startProxy(({ target }) => {
      if (target !== "/v1/txn" || (transactions += 1) === 1) return undefined;
      end(proxy);
      return new Response();
    });
    return proxy;
  }

  test("reports its progress when the agent becomes unreachable, and a second run continues", async () => {
    await Bun.write(path(), JSON.stringify(many));
    using lost = startInterrupted((proxy) => proxy[Symbol.dispose]());
    const env = { CONSUL_HTTP_ADDR: lost.url };
    const { code, stderr } = await runCommandWith(importCommand, [`-from-consul=${path()}`], { env });
    expect(code).toBe(1);
    expect(stderr).toStartWith("The agent was lost (");
    expect(stderr).toEndWith("): 64 of 200 items are imported. Run it again: it imports only what is missing.\n");
    expect(counts(await importFrom("-dry-run", `-from-consul=${path()}`), "keys")).toBe("136 0 64");
  });

  test("reports an interruption, and has written each transaction completely or not at all", async () => {
    const ending = new AbortController();
    using proxy = startInterrupted(() => ending.abort());
    const io = { env: { CONSUL_HTTP_ADDR: proxy.url }, signal: ending.signal };
    const { code, stderr } = await runCommandWith(importCommand, [`-from-consul=${path()}`], io);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Interrupted: 64 of 136 items are imported\. Run it again/);
    expect(await importFrom(`-from-consul=${path()}`)).toMatchObject({ code: 0, stderr: "" });
    expect((await get("/v1/kv/many/?keys")).json).toHaveLength(200);
  });

  test("writes everything else when the agent refuses a part, and reports the refused part", async () => {
    const entries = ["some", "refused", "more"].map((key) => ({ key, flags: 0, value: "eA==" }));
    await Bun.write(path(), JSON.stringify(entries));
    using proxy = startProxy(({ target, body }) =>
      target === "/v1/txn" && body.includes('"refused"') ? new Response("not that", { status: 400 }) : undefined,
    );
    const env = { CONSUL_HTTP_ADDR: proxy.url };
    const { code, stderr } = await runCommandWith(importCommand, [`-from-consul=${path()}`], { env });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr:
        "Not imported: the key refused: Unexpected response code: 400 (not that)\n" +
        "The import is incomplete: 2 of 3 items are imported. Fix the errors above and run it again: it imports only what is missing.\n",
    });
    expect((await get("/v1/kv/more?raw")).text).toBe("x");
  });
});

test("an import reports in advance what the agent cannot accept, and copies values up to the agent's size limit", async () => {
  const path = join(folder, "large.json");
  const long = Buffer.alloc(512 * 1024, "x").toString("base64");
  const entries = [
    { key: "longest", flags: 7, value: long },
    { key: "too long", flags: 0, value: `eHh4${long}` },
  ];
  await Bun.write(path, JSON.stringify(entries));
  const { code, stdout } = await importFrom(`-from-consul=${path}`);
  expect(code).toBe(0);
  expect(stdout).toContain("Skipped: the key too long: it has 524291 bytes, and the agent takes 524288.\n");
  expect((await get("/v1/kv/longest?raw")).bytes).toHaveLength(512 * 1024);
});

test("an import never changes the agent's node in the catalog", async () => {
  using consul = startCannedAgent(({ target, ...request }) => {
    const renamed = oldConsulAnswer({ ...request, target: target.replace("NODE1", "printer-1") });
    return renamed.text().then((text) => new Response(text.replaceAll("printer-1", "NODE1")));
  });
  const { stdout } = await importFrom("-overwrite", `-from-consul=${consul.url}`);
  expect(stdout).toContain("Skipped: the node NODE1: the agent itself has its name.\n");
  expect((await get("/v1/catalog/node/node1")).json).toMatchObject({ Node: { Address: "127.0.0.1" } });
});

test.each([
  [[], "Name one source"],
  [["a", "b"], "Name one source"],
  [["-from-consul=/nowhere.snap"], "no such file or directory"],
  [["-from-consul=http://127.0.0.1:1"], "connection refused"],
  [["/nowhere"], "no such file or directory"],
])("the arguments %j of an import are refused with an error", async (words, why) => {
  const { code, stdout, stderr } = await importFrom(...words);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain(why);
});
