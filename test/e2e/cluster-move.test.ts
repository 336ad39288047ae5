import { describe, expect, onTestFinished, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { AgentProcess } from "../support/agent-process.ts";
import { skippedWithoutEtcd, withoutEtcd } from "../support/etcd.ts";
import { LoopbackServers } from "../support/loopback-servers.ts";
import { within } from "../support/within.ts";

const soonMs = 30_000;

interface Row {
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
}

/** The answers of a server to clients, by path: each with its body and index. */
type Seen = Readonly<Record<string, { readonly body: unknown; readonly index: number }>>;

const healthPath = "/v1/health/service/camera";
const lastingPaths = ["/v1/kv/?recurse", "/v1/session/list", "/v1/query", "/v1/catalog/node/far"];
const paths = [...lastingPaths, healthPath];

async function seenBy(server: AgentProcess): Promise<Seen> {
  const answers = await Promise.all(
    paths.map(async (path) => {
      const answer = await server.send("GET", path);
      expect(answer.status).toBe(200);
      return [path, { body: answer.json, index: answer.index }] as const;
    }),
  );
  return Object.fromEntries(answers);
}

/** Expects the rows of before, and no index below those of before. */
function expectKept(now: Seen, before: Seen, kept: readonly string[] = paths): void {
  for (const path of kept) expect([path, now[path]?.body]).toEqual([path, before[path]?.body]);
  for (const path of paths) expect(now[path]?.index).toBeGreaterThanOrEqual(before[path]?.index ?? Infinity);
}

async function put(server: AgentProcess, path: string, body: unknown): Promise<string> {
  const answer = await server.send("PUT", path, { body });
  expect(answer.status).toBe(200);
  return answer.text;
}

async function valueOf(server: AgentProcess, key: string): Promise<string> {
  const { status, text } = await server.send("GET", `/v1/kv/${key}?raw`);
  return status === 200 ? text : `${status} ${text}`;
}

async function end(server: AgentProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  server.signal(signal);
  await server.ended();
}

async function opened(): Promise<LoopbackServers> {
  const servers = await LoopbackServers.open();
  onTestFinished(() => servers.close());
  return servers;
}

/** Writes everything that a lone server keeps: keys, a lock, a service with a check, a node of another program, a query. */
async function fill(server: AgentProcess): Promise<void> {
  for (let number = 0; number < 40; number++) await put(server, `/v1/kv/edgex/core/${number}`, `value ${number}`);
  await put(server, "/v1/kv/edgex/gone", "x");
  await server.send("DELETE", "/v1/kv/edgex/gone");
  const { ID } = JSON.parse(await put(server, "/v1/session/create", { Name: "keeps", Checks: [] })) as { ID: string };
  expect(await put(server, `/v1/kv/lock?acquire=${ID}`, "held")).toBe("true");
  const check = { CheckID: "camera", TTL: "10m", Status: "passing" };
  await put(server, "/v1/agent/service/register", { Name: "camera", Port: 8080, Check: check });
  await put(server, "/v1/catalog/register", {
    Node: "far",
    Address: "192.0.2.7",
    Service: { Service: "meter", Port: 1 },
  });
  await server.send("POST", "/v1/query", { body: { Name: "nearest", Service: { Service: "camera" } } });
}

describe.skipIf(withoutEtcd !== undefined)(`the data of a server that stood alone${skippedWithoutEtcd}`, () => {
  test("go into the cluster of three that it begins, with their indexes, and back into a server that stands alone", async () => {
    const servers = await opened();
    const alone = await servers.startAlone(2);
    await fill(alone);
    const before = await seenBy(alone);
    await end(alone);

    const [second, third] = [3, 4].map((number) => servers.startOfThree(number)) as [AgentProcess, AgentProcess];
    const first = servers.startOfThree(2);
    const three = [first, second, third] as const;
    for (const server of three) await servers.expectVoters(server, [2, 3, 4]);
    for (const server of three) expectKept(await seenBy(server), before);
    const [{ ModifyIndex = 0 } = {}] = (await second.send("GET", "/v1/kv/edgex/core/7"))
      .json as readonly Partial<Row>[];
    expect(await put(second, `/v1/kv/edgex/core/7?cas=${ModifyIndex}`, "changed")).toBe("true");
    const [changed] = (await third.send("GET", "/v1/kv/edgex/core/7")).json as readonly Row[];
    const newest = Math.max(...Object.values(before).map(({ index }) => index));
    expect(changed?.ModifyIndex).toBeGreaterThan(newest);

    const moved = await seenBy(third);
    await end(first, "SIGKILL");
    const again = servers.startOfThree(2);
    await servers.expectVoters(again, [2, 3, 4]);
    // The server was away, so the checks of its node may have changed.
    expectKept(await seenBy(again), moved, lastingPaths);

    const refused = await servers.run(2, "-bootstrap");
    expect(refused.code).toBe(1);
    expect(refused.output).toMatch(/another agent/);
    await end(again);
    const alsoRefused = await servers.run(2, "-bootstrap");
    expect(alsoRefused.code).toBe(1);
    expect(alsoRefused.output).toContain("is that of a server of a cluster");
    expect(alsoRefused.output).toContain("praetor operator recover -data-dir=");

    const snapshot = await third.send("GET", "/v1/snapshot");
    expect(snapshot.status).toBe(200);
    const back = await servers.startAlone(5);
    expect((await back.send("PUT", "/v1/snapshot", { body: snapshot.bytes })).status).toBe(200);
    const { "/v1/kv/?recurse": keys, "/v1/session/list": sessions } = await seenBy(back);
    expect([keys?.body, sessions?.body]).toEqual([moved["/v1/kv/?recurse"]?.body, moved["/v1/session/list"]?.body]);
  });

  test("do not count again after the move: the server's etcd may be lost, and the server may leave and join", async () => {
    const servers = await opened();
    const alone = await servers.startAlone(2);
    await put(alone, "/v1/kv/a", "alone");
    await end(alone);
    let first = servers.startOfThree(2);
    const second = servers.startOfThree(3);
    const third = servers.startOfThree(4);
    for (const server of [first, second, third]) await servers.expectVoters(server, [2, 3, 4]);
    await put(third, "/v1/kv/a", "in the cluster");

    await end(first, "SIGKILL");
    rmSync(join(servers.folder(2), "etcd"), { recursive: true });
    await put(third, "/v1/kv/a", "without the first");
    first = servers.startOfThree(2);
    await servers.expectVoters(first, [2, 3, 4]);
    expect(await valueOf(first, "a")).toBe("without the first");

    await put(first, "/v1/agent/leave", "");
    await first.ended();
    await servers.expectVoters(third, [3, 4]);
    const refused = await servers.run(2, "-bootstrap");
    expect(refused.output).toContain("is that of a server of a cluster");
    first = servers.startOfThree(2);
    await servers.expectVoters(first, [2, 3, 4]);
    expect(await valueOf(first, "a")).toBe("without the first");
  });

  test("are refused when two servers have some, until one of them has none; a server that waits may stand alone again", async () => {
    const servers = await opened();
    for (const number of [2, 3]) {
      const alone = await servers.startAlone(number);
      await put(alone, "/v1/kv/a", `of ${number}`);
      await end(alone);
    }
    const waiting = [2, 3, 4].map((number) => servers.startOfThree(number)) as [
      AgentProcess,
      AgentProcess,
      AgentProcess,
    ];
    for (const server of waiting)
      await within(soonMs, async () =>
        expect(server.output()).toMatch(/(s2 and s3|s3 and s2) have data of their own.*snapshot save FILE/),
      );
    for (const server of waiting) await end(server);

    const alone = await servers.startAlone(2);
    expect(await valueOf(alone, "a")).toBe("of 2");
    await put(alone, "/v1/kv/b", "later");
    await end(alone);
    rmSync(servers.folder(3), { recursive: true });
    const three = [2, 3, 4].map((number) => servers.startOfThree(number));
    for (const server of three) await servers.expectVoters(server, [2, 3, 4]);
    for (const server of three)
      expect([await valueOf(server, "a"), await valueOf(server, "b")]).toEqual(["of 2", "later"]);
  });

  test("keep a server from joining a cluster that exists, or from the etcd that others run", async () => {
    const servers = await opened();
    const alone = await servers.startAlone(5);
    await put(alone, "/v1/kv/a", "of 5");
    await end(alone);
    const three = [2, 3, 4].map((number) => servers.startOfThree(number));
    for (const server of three) await servers.expectVoters(server, [2, 3, 4]);
    const outside = servers.startOfThree(5);
    await within(soonMs, async () =>
      expect(outside.output()).toMatch(/a cluster exists, and this server has data of its own/),
    );
    await end(outside);
    const { code, output } = await servers.run(5, "-hcl", 'etcd { endpoints = ["127.0.0.1:1"] }');
    expect(code).toBe(1);
    expect(output).toContain("do not go into the etcd of etcd.endpoints");
    const again = await servers.startAlone(5);
    expect(await valueOf(again, "a")).toBe("of 5");
  });
});
