import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import type { Answer } from "../support/exchange.ts";
import { within } from "../support/within.ts";

const sandbox = openSandbox();
afterAll(() => sandbox.close());

let folders = 0;

function newFolder(): string {
  folders += 1;
  const folder = join(sandbox.folder, String(folders));
  mkdirSync(folder);
  return folder;
}

async function startOn(folder: string, ...words: readonly string[]): Promise<AgentProcess> {
  const agent = await sandbox.start("-data-dir", join(folder, "data"), ...words);
  await agent.ready();
  return agent;
}

async function restart(agent: AgentProcess, folder: string, ...words: readonly string[]): Promise<AgentProcess> {
  agent.signal("SIGTERM");
  await agent.ended();
  return startOn(folder, ...words);
}

async function nodeId(agent: AgentProcess): Promise<string> {
  const self = (await agent.send("GET", "/v1/agent/self")).json as { Config: { NodeID: string } };
  return self.Config.NodeID;
}

/** Returns the status of each check of the agent. */
async function statuses(agent: AgentProcess): Promise<Record<string, string>> {
  const checks = (await agent.send("GET", "/v1/agent/checks")).json as Record<string, { Status: string }>;
  return Object.fromEntries(Object.entries(checks).map(([id, { Status }]) => [id, Status]));
}

describe("an agent after a restart", () => {
  test("has the same node id, and the services registered over HTTP, each check with its last status", async () => {
    const folder = newFolder();
    const first = await startOn(folder);
    const id = await nodeId(first);
    const Checks = [
      { CheckID: "good", TTL: "1h" },
      { CheckID: "bad", TTL: "1h" },
    ];
    await first.send("PUT", "/v1/agent/service/register", { body: { Name: "web", Port: 80, Checks } });
    await first.send("PUT", "/v1/agent/check/pass/good");
    await first.send("PUT", "/v1/agent/check/warn/bad");
    await first.send("PUT", "/v1/kv/a", { body: "1" });
    const paths = ["/v1/kv/a", "/v1/agent/service/web", "/v1/health/service/web", "/v1/catalog/nodes"];
    const read = (agent: AgentProcess): Promise<[string, number][]> =>
      Promise.all(
        paths.map(async (path): Promise<[string, number]> => {
          const answer = await agent.send("GET", path);
          return [answer.text, answer.index];
        }),
      );
    const before = await read(first);

    const second = await restart(first, folder);
    expect(await nodeId(second)).toBe(id);
    expect(await read(second)).toEqual(before);
    expect(await statuses(second)).toEqual({ good: "passing", bad: "warning" });
    const written = await second.send("PUT", "/v1/kv/b", { body: "1" }).then(() => second.send("GET", "/v1/kv/b"));
    expect(written.index).toBeGreaterThan(Math.max(...before.map(([, index]) => index || 0)));
  });

  test("that follows a kill has its sessions, locks and lock delays, but no events or coordinates", async () => {
    const folder = newFolder();
    const first = await startOn(folder);
    const put = (agent: AgentProcess, path: string, body?: unknown): Promise<Answer> =>
      agent.send("PUT", path, { body });
    const session = async (): Promise<string> =>
      ((await put(first, "/v1/session/create", { LockDelay: "1m", Name: "holder" })).json as { ID: string }).ID;
    const [holder, gone, rival] = [await session(), await session(), await session()];
    for (const [key, id] of [
      ["held", holder],
      ["delayed", gone],
    ] as const)
      expect((await put(first, `/v1/kv/${key}?acquire=${id}`, "x")).text).toBe("true");
    await put(first, `/v1/session/destroy/${gone}`);
    await put(first, "/v1/catalog/register", { Node: "far", Address: "192.0.2.1" });
    const Coord = { Vec: [0, 0, 0, 0, 0, 0, 0, 0], Error: 1.5, Adjustment: 0, Height: 1e-5 };
    await put(first, "/v1/coordinate/update", { Node: "far", Coord });
    await within(10_000, async () => expect((await first.send("GET", "/v1/coordinate/node/far")).status).toBe(200));
    expect((await put(first, "/v1/event/fire/deploy")).status).toBe(200);
    const paths = ["/v1/kv/held", "/v1/kv/delayed", "/v1/session/list", `/v1/session/info/${holder}`];
    const read = async (agent: AgentProcess): Promise<readonly string[]> =>
      Promise.all(paths.map(async (path) => (await agent.send("GET", path)).text));
    const before = await read(first);
    first.signal("SIGKILL");
    await first.ended();

    const second = await startOn(folder);
    expect(await read(second)).toEqual(before);
    for (const key of ["held", "delayed"])
      expect((await put(second, `/v1/kv/${key}?acquire=${rival}`, "y")).text).toBe("false");
    expect((await put(second, `/v1/kv/held?acquire=${holder}`, "y")).text).toBe("true");
    expect((await second.send("GET", "/v1/event/list")).text).toBe("[]");
    expect((await second.send("GET", "/v1/coordinate/node/far")).status).toBe(404);
  });

  test("has the definitions that its configuration files contain now, and none that were removed from them", async () => {
    const folder = newFolder();
    const file = join(folder, "web.json");
    writeFileSync(file, '{"services": [{"name": "web", "check": {"ttl": "1h"}}, {"name": "db"}]}');
    const first = await startOn(folder, "-config-file", file);
    await first.send("PUT", "/v1/agent/check/pass/service:web");
    const { index } = await first.send("GET", "/v1/health/service/web");

    const second = await restart(first, folder, "-config-file", file);
    expect(await statuses(second)).toEqual({ "service:web": "passing" });
    expect((await second.send("GET", "/v1/health/service/web")).index).toBe(index);

    const third = await restart(second, folder);
    expect((await third.send("GET", "/v1/agent/services")).text).toBe("{}");
    expect((await third.send("GET", "/v1/catalog/services")).json).toEqual({ consul: [] });
    expect(await statuses(third)).toEqual({});
    unlinkSync(file);
  });

  test("is still in maintenance mode, and so are its services, those of configuration files included", async () => {
    const folder = newFolder();
    const file = join(folder, "file.json");
    writeFileSync(file, '{"service": {"name": "from-file"}}');
    const first = await startOn(folder, "-config-file", file);
    await first.send("PUT", "/v1/agent/service/register", { body: { Name: "by-api" } });
    for (const what of ["maintenance", "service/maintenance/by-api", "service/maintenance/from-file"])
      await first.send("PUT", `/v1/agent/${what}?enable=true&reason=belt`);
    const before = await first.send("GET", "/v1/agent/checks");
    expect(Object.keys(before.json as object)).toHaveLength(3);

    const second = await restart(first, folder, "-config-file", file);
    expect((await second.send("GET", "/v1/agent/checks")).json).toEqual(before.json);
    expect((await second.send("GET", "/v1/health/service/from-file?passing")).text).toBe("[]");
    await second.send("PUT", "/v1/agent/service/maintenance/from-file?enable=false");
    await second.send("PUT", "/v1/agent/maintenance?enable=false");
    expect((await second.send("GET", "/v1/health/service/from-file?passing")).json).toHaveLength(1);

    const third = await restart(second, folder);
    expect(await statuses(third)).toEqual({ "_service_maintenance:by-api": "critical" });
  });

  test("drops the checks that clients added to a service whose definition was removed from its configuration files", async () => {
    const folder = newFolder();
    const file = join(folder, "file.json");
    writeFileSync(file, '{"service": {"name": "from-file"}}');
    const first = await startOn(folder, "-config-file", file);
    await first.send("PUT", "/v1/agent/service/maintenance/from-file?enable=true");
    await first.send("PUT", "/v1/agent/check/register", { body: { Name: "own", ServiceID: "from-file", TTL: "1h" } });
    await first.send("PUT", "/v1/agent/check/register", { body: { Name: "node", TTL: "1h" } });

    const second = await restart(first, folder);
    expect(await statuses(second)).toEqual({ node: "critical" });
    const third = await restart(second, folder, "-config-file", file);
    expect(await statuses(third)).toEqual({ node: "critical" });
  });

  test("replaces its node in the catalog when its node id or its node name has changed", async () => {
    const folder = newFolder();
    const first = await startOn(folder);
    await first.send("PUT", "/v1/agent/service/register", { body: { Name: "web", Check: { TTL: "1h" } } });
    const id = "7d2c0d28-96a2-4a5e-8ef2-7a9a1c7e7f0e";
    const second = await restart(first, folder, "-node-id", id);
    expect(await nodeId(second)).toBe(id);
    const third = await restart(second, folder, "-node", "renamed");
    expect(await nodeId(third)).toBe(id);
    expect((await third.send("GET", "/v1/catalog/nodes")).json).toMatchObject([{ Node: "renamed", ID: id }]);
    expect((await third.send("GET", "/v1/health/service/web")).json).toMatchObject([
      {
        Node: { Node: "renamed" },
        Service: { ID: "web" },
        Checks: [{ CheckID: "serfHealth" }, { CheckID: "service:web" }],
      },
    ]);
  });
});

test("an agent writes nothing to its data folder while its checks pass", async () => {
  const folder = newFolder();
  let asked = 0;
  const service = Bun.serve({ port: 0, fetch: () => new Response(`hello for the ${(asked += 1)}th time`) });
  const agent = await startOn(folder, "-enable-script-checks");
  const Checks = [
    { HTTP: service.url.href, Interval: "1s" },
    { TCP: `127.0.0.1:${service.port}`, Interval: "1s" },
    { Args: ["date", "+%N"], Interval: "1s" },
    { CheckID: "ttl", TTL: "10m" },
  ];
  await agent.send("PUT", "/v1/agent/service/register", { body: { Name: "web", Checks } });
  await agent.send("PUT", "/v1/agent/check/pass/ttl");
  await within(5_000, async () => expect(Object.values(await statuses(agent))).toEqual(Array(4).fill("passing")));

  const written = (): unknown => [filesIn(join(folder, "data")), bytesWritten(agent.pid)];
  /** Waits until each check has run three more times, and returns the state of the files and the bytes written by then. */
  const later = async (): Promise<unknown> => {
    const enough = asked + 3;
    await within(5_000, async () => {
      await agent.send("PUT", `/v1/agent/check/pass/ttl?note=${asked}`);
      expect(asked).toBeGreaterThanOrEqual(enough);
    });
    return written();
  };
  // The API may show a status a moment before the status is on the disk.
  const before = await later();
  expect(await later()).toEqual(before);
  await service.stop(true);
});

interface FileState {
  readonly name: string;
  readonly bytes: number;
  readonly changedMs: number;
}

function filesIn(folder: string): FileState[] {
  return readdirSync(folder).map((name) => {
    const { size, mtimeMs } = statSync(join(folder, name));
    return { name, bytes: size, changedMs: mtimeMs };
  });
}

/** Returns the bytes that the process has caused to be written to disks, as Linux counts them. */
function bytesWritten(pid: number): number {
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1]);
}
