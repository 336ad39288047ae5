import { beforeEach, describe, expect, test } from "bun:test";
import { startTestApi, type TestApi } from "../../test/support/api.ts";
import { settle } from "../../test/support/settle.ts";

let api: TestApi;
beforeEach(async () => void (api = await startTestApi()));

async function read(path: string): Promise<Record<string, unknown>> {
  const answer = await api.ask(path);
  expect([path, answer.status]).toEqual([path, 200]);
  return (await answer.json()) as Record<string, unknown>;
}

async function put(path: string, body: unknown): Promise<void> {
  const answer = await api.ask(path, { method: "PUT", body: typeof body === "string" ? body : JSON.stringify(body) });
  expect([path, answer.status]).toEqual([path, 200]);
}

async function register(Name: string, status: string): Promise<void> {
  await put("/v1/agent/service/register", { Name, Check: { CheckID: `${Name}-up`, TTL: "10m", Status: status } });
}

async function report(check: string, Status: string, Output = ""): Promise<void> {
  await put(`/v1/agent/check/update/${check}`, { Status, Output });
}

describe("the overview", () => {
  test("counts services by the status of their worst instance, and names those that do not pass, worst first", async () => {
    await register("data", "passing");
    await register("command", "warning");
    await register("metadata", "passing");
    await put("/v1/agent/service/maintenance/metadata?enable=true&reason=new%20disk", "");
    await register("alpha", "warning");
    await report("command-up", "critical", "connection refused");
    const overview = await read("/v1/praetor/overview");
    expect(overview).toMatchObject({
      ...{ Node: "n1", Nodes: 1, Instances: 4 },
      Services: { Critical: 1, Maintenance: 1, Warning: 1, Passing: 1 },
      Failing: [
        { Service: "command", Status: "critical", CheckID: "command-up", Reason: "connection refused" },
        { Service: "metadata", Status: "maintenance", Reason: "new disk" },
        { Service: "alpha", Status: "warning" },
      ],
    });
  });

  test("counts a check of the node for each service on it, and shows a new output without a new index", async () => {
    await register("data", "passing");
    await put("/v1/agent/check/register", { ID: "disk", Name: "disk", TTL: "10m", Status: "warning" });
    await report("disk", "warning", "80 %");
    expect(await read("/v1/praetor/overview")).toMatchObject({
      Failing: [{ Service: "data", CheckID: "disk", ServiceID: "", Reason: "80 %" }],
    });
    await report("disk", "warning", "90 %");
    expect(await read("/v1/praetor/overview")).toMatchObject({ Failing: [{ Reason: "90 %" }] });
  });

  test("says since when a status lasts, if it has changed since the agent's start", async () => {
    await register("data", "passing");
    api.clock.jumpWall(5_000);
    await report("data-up", "critical");
    const { Failing } = await read("/v1/praetor/overview");
    expect(Failing).toMatchObject([{ Since: new Date(api.clock.wallMs()).toISOString() }]);
  });
});

describe("transitions", () => {
  test("are changes of a status, oldest first, and a client reads on after the last one that it knows", async () => {
    await register("data", "passing");
    await report("data-up", "passing", "the status stays");
    expect(await read("/v1/praetor/transitions")).toEqual({ Number: 0, Transitions: [] });
    await report("data-up", "critical", "refused");
    await report("data-up", "passing");
    const [down, up] = [
      { Number: 1, From: "passing", To: "critical", Service: "data", CheckID: "data-up", Reason: "refused" },
      { Number: 2, From: "critical", To: "passing" },
    ];
    expect(await read("/v1/praetor/transitions")).toMatchObject({ Number: 2, Transitions: [down, up] });
    expect(await read("/v1/praetor/transitions?since=1")).toMatchObject({ Number: 2, Transitions: [up] });
    expect(await read("/v1/praetor/transitions?limit=1")).toMatchObject({ Number: 2, Transitions: [up] });
    expect(await read("/v1/praetor/transitions?since=2")).toEqual({ Number: 2, Transitions: [] });
  });
});

test("maintenance begins and ends with a transition, but its service's deregistration is none", async () => {
  await register("data", "passing");
  const maintain = (query: string): Promise<void> => put(`/v1/agent/service/maintenance/data?${query}`, "");
  await maintain("enable=true&reason=new%20disk");
  await maintain("enable=false");
  await put("/v1/agent/maintenance?enable=true&reason=new%20fan", "");
  await maintain("enable=true&reason=new%20lid");
  await put("/v1/agent/service/deregister/data", "");
  const { Transitions } = await read("/v1/praetor/transitions");
  expect(Transitions).toMatchObject([
    { Service: "data", From: "passing", To: "critical", Reason: "new disk" },
    { Service: "data", From: "critical", To: "passing" },
    { Service: "", CheckID: "_node_maintenance", From: "passing", To: "critical", Reason: "new fan" },
    { Service: "data", From: "passing", To: "critical", Reason: "new lid" },
  ]);
  expect(Transitions).toHaveLength(4);
});

test("transitions of one service are those of its checks alone", async () => {
  await register("data", "passing");
  await register("command", "passing");
  await report("data-up", "critical");
  await report("command-up", "critical");
  const { Number: newest, Transitions } = await read("/v1/praetor/transitions?service=DATA");
  expect([newest, Transitions]).toMatchObject([2, [{ Service: "data" }]]);
});

test("health says since when a check has its status if it is asked to, and never otherwise", async () => {
  await register("data", "passing");
  api.clock.jumpWall(5_000);
  await report("data-up", "critical");
  const Since = new Date(api.clock.wallMs()).toISOString();
  expect(await read("/v1/health/state/critical?since")).toMatchObject([{ CheckID: "data-up", Since }]);
  expect(await read("/v1/health/checks/data?since")).toMatchObject([{ Since }]);
  expect(await read("/v1/health/service/data?since")).toMatchObject([{ Checks: [{ Since }] }]);
  for (const path of ["state/critical", "checks/data", "service/data"])
    expect(JSON.stringify(await read(`/v1/health/${path}`))).not.toContain("Since");
});

test("registrations name the API that made each, and those that core-keeper keeps after their end", async () => {
  const registered = ["metadata", "command"].map((serviceId) => ({
    ...{ serviceId, status: serviceId === "command" ? "HALT" : "UP" },
  }));
  api = await startTestApi({
    keeperRegistrations: {
      get: (id) => registered.find(({ serviceId }) => serviceId === id),
      values: () => registered,
    },
  });
  await register("data", "passing");
  await register("metadata", "passing");
  const answer: unknown = await read("/v1/praetor/registrations");
  expect(answer).toEqual([
    { ID: "data", Service: "data", Through: "consul" },
    { ID: "metadata", Service: "metadata", Through: "core-keeper" },
    { ID: "command", Service: "command", Through: "core-keeper", Halted: true },
  ]);
});

describe("changes", () => {
  test("are answered when one of the topics changes, and not for others", async () => {
    await put("/v1/kv/edgex/a", "1");
    const { Index } = await read("/v1/praetor/changes?topics=kv:edgex/,services");
    let answered = false;
    const waiting = read(`/v1/praetor/changes?topics=kv:edgex/,services&index=${String(Index)}`).finally(
      () => (answered = true),
    );
    await put("/v1/kv/other", "1");
    await settle();
    expect(answered).toBe(false);
    await put("/v1/kv/edgex/b", "1");
    const after = (await waiting) as { Index: number; Topics: Record<string, number> };
    expect(after.Topics["kv:edgex/"]).toBe(after.Index);
    expect(after.Topics["services"]).toBeLessThan(after.Index);
  });

  test("of a key whose name has a comma are asked for with the comma encoded twice", async () => {
    await put("/v1/kv/a,b", "1");
    const topic = `key:${encodeURIComponent("a,b")}`;
    const { Topics } = await read(`/v1/praetor/changes?topics=${encodeURIComponent(topic)}`);
    expect(Object.keys(Topics as object)).toEqual([topic]);
    expect((Topics as Record<string, number>)[topic]).toBe(api.store.state.index);
  });

  test.each(["", "nonsense", "kv", "kv:%25zz", Array.from({ length: 65 }, (_, n) => `key:${n}`).join(",")])(
    "of the topics %p are a 400",
    async (topics) => {
      expect((await api.ask(`/v1/praetor/changes?topics=${topics}`)).status).toBe(400);
    },
  );
});

describe("a search", () => {
  beforeEach(async () => {
    await put("/v1/kv/edgex/core/LogLevel", "INFO");
    await put("/v1/kv/edgex/core/Host", `${"x".repeat(100)} The INFO is here ${"y".repeat(100)}`);
    await put("/v1/kv/vault/info", "secret");
  });

  test("finds keys and values whatever their case, with the text around the match", async () => {
    const { Matches, ...counts } = await read("/v1/praetor/search?q=info");
    expect(counts).toEqual({ Searched: 3, Found: 3 });
    expect(Matches).toMatchObject([
      { Key: "edgex/core/Host", InKey: false, Excerpt: expect.stringMatching(/^x{35} The INFO is here y{31}$/) },
      { Key: "edgex/core/LogLevel", InKey: false, Excerpt: "INFO", Bytes: 4 },
      { Key: "vault/info", InKey: true },
    ]);
  });

  test.each([
    ["q=info&in=keys", ["vault/info"]],
    ["q=info&in=values&prefix=edgex/", ["edgex/core/Host", "edgex/core/LogLevel"]],
    ["q=info&limit=1", ["edgex/core/Host"]],
    ["q=nowhere", []],
  ])("%s finds %p", async (query, keys) => {
    const { Matches } = await read(`/v1/praetor/search?${query}`);
    expect((Matches as { Key: string }[]).map(({ Key }) => Key)).toEqual(keys);
  });

  test.each(["", "q=", "q=a&in=names", "q=a&limit=many", `q=${"a".repeat(257)}`])("for %p is a 400", async (query) => {
    expect((await api.ask(`/v1/praetor/search?${query}`)).status).toBe(400);
  });

  test("of many keys lets other requests be answered in between", async () => {
    for (let n = 0; n < 20; n += 1) {
      const operations = Array.from({ length: 64 }, (_, at) => ({
        KV: { Verb: "set", Key: `k/${n}/${at}`, Value: "" },
      }));
      await put("/v1/txn", operations);
    }
    let isFound = false;
    const found = read("/v1/praetor/search?q=nothing").finally(() => (isFound = true));
    await api.ask("/v1/kv/vault/info");
    expect(isFound).toBe(false);
    expect(await found).toMatchObject({ Searched: 1_283, Found: 0 });
  });
});

test("the watchers of a key are the waiting reads of it and of trees that contain it", async () => {
  await put("/v1/kv/edgex/a", "1");
  const { index } = api.store.state;
  const gone = new AbortController();
  const waiting = ["edgex/a?x", "edgex/?recurse", "edgex/b?x"].map((target) =>
    api.ask(`/v1/kv/${target}&index=${index}`, { signal: gone.signal }),
  );
  await settle();
  expect(await read("/v1/praetor/watchers/edgex/a")).toEqual({ Key: "edgex/a", Watchers: 2 });
  gone.abort();
  await Promise.all(waiting);
  expect(await read("/v1/praetor/watchers/edgex/a")).toEqual({ Key: "edgex/a", Watchers: 0 });
});

test("the log's newest lines are in order, without those below the level", async () => {
  const { Lines } = await read("/v1/praetor/log?lines=5&loglevel=info");
  expect(Lines).toBeArray();
  expect((await api.ask("/v1/praetor/log?loglevel=loud")).status).toBe(400);
  expect((await api.ask("/v1/praetor/log?lines=-1")).status).toBe(400);
});

test("a check that the agent does not run cannot be run at once, and says why", async () => {
  await register("data", "passing");
  const answer = await api.ask("/v1/praetor/check/run/data-up", { method: "PUT" });
  expect([answer.status, await answer.text()]).toEqual([
    400,
    expect.stringContaining("its service reports its status"),
  ]);
  expect((await api.ask("/v1/praetor/check/run/none", { method: "PUT" })).status).toBe(404);
});

test("an agent examines itself by the rules of praetor doctor, with the rights of the caller", async () => {
  await register("data", "critical");
  const { Findings, NotLookedAt } = await read("/v1/praetor/doctor");
  expect(Findings).toContainEqual(expect.objectContaining({ Where: "check data-up of service data on node n1" }));
  expect(NotLookedAt).not.toContainEqual(expect.stringContaining("Permission denied"));
});
