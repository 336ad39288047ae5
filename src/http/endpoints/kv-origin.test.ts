import { beforeEach, describe, expect, test } from "bun:test";
import { startTestApi, type TestApi } from "../../../test/support/api.ts";
import type { KvOriginJson, KvVersionJson } from "../../wire/kv-history.ts";

let api: TestApi;
beforeEach(async () => void (api = await startTestApi()));

type Headers = Readonly<Record<string, string>>;

async function ask(method: string, path: string, body?: string, headers: Headers = {}) {
  const answer = await api.ask(path, { method, headers, ...(body !== undefined && { body }) });
  const text = await answer.text();
  const isJson = answer.headers.get("content-type") === "application/json";
  return { status: answer.status, body: isJson ? (JSON.parse(text) as unknown) : text };
}

/** Writes a key a minute after the last write, and returns the index of the write. */
async function put(key: string, value: string, headers: Headers = {}): Promise<number> {
  api.clock.jumpWall(60_000);
  expect((await ask("PUT", `/v1/kv/${key}`, value, headers)).body).toBe(true);
  return api.store.index;
}

async function originsOf(path: string): Promise<readonly KvOriginJson[]> {
  const { status, body } = await ask("GET", `/v1/praetor/kv-origin/${path}`);
  expect([path, status]).toEqual([path, 200]);
  return body as readonly KvOriginJson[];
}

const told = (origin: string): Headers => ({ "X-Praetor-Origin": origin });
const byGo = { "User-Agent": "Go-http-client/1.1" };
const byCurl = { "User-Agent": "curl/8.5.0" };

describe("the origin of a value", () => {
  test.each<[string, Headers, string | undefined]>([
    ["what the client says", told("file"), "file"],
    ["what the client says, whatever the client is", { ...told("default"), ...byCurl }, "default"],
    ["a service, for a client in Go", byGo, "service"],
    ["a service, for EdgeX's SDK in C", { "User-Agent": "edgex" }, "service"],
    ["an operator, for curl", byCurl, "operator"],
    ["an operator, for a browser", { Origin: "http://n1:8500", "User-Agent": "Mozilla/5.0" }, "operator"],
    ["not known, for any other client", { "User-Agent": "python-requests/2.31.0" }, undefined],
  ])("is %s", async (_what, headers, origin) => {
    const index = await put("a", "1", headers);
    expect(await originsOf("a")).toEqual([
      { Key: "a", ...(origin !== undefined && { Origin: origin as never }), ModifyIndex: index, HiddenBy: [] },
    ]);
    expect((await ask("GET", "/v1/kv/a")).body).toEqual([
      { LockIndex: 0, Key: "a", Flags: 0, Value: btoa("1"), CreateIndex: index, ModifyIndex: index },
    ]);
  });

  test.each(["", "rollback", "port-assignment", "user", "x".repeat(500)])("cannot be told as %p", async (origin) => {
    const { index } = api.store;
    const { status, body } = await ask("PUT", "/v1/kv/a", "1", told(origin));
    expect(status).toBe(400);
    expect(body).toContain("must be one of default, file, environment, service, operator, import. Nothing was written");
    expect(String(body).length).toBeLessThan(250);
    expect(api.store.index).toBe(index);
  });

  test("comes with time, writer and reason of the change, and each version has its own", async () => {
    await put("a", "1", told("default"));
    await put("a", "2", { ...told("operator"), ...byCurl, "X-Praetor-Reason": "too slow" });
    const [origin] = await originsOf("a");
    expect(origin).toMatchObject({ Origin: "operator", Reason: "too slow", By: { Client: "curl/8.5.0" } });
    expect(Date.parse(origin?.Time ?? "")).toBe(api.clock.wallMs());
    const versions = (await ask("GET", "/v1/praetor/kv-history/a")).body as readonly KvVersionJson[];
    expect(versions.map(({ Origin }) => Origin)).toEqual(["operator", "default"]);
    await ask("PUT", `/v1/praetor/kv-rollback/a?to=${versions[1]?.Index}`);
    expect(await originsOf("a")).toMatchObject([{ Origin: "rollback", Means: "rollback" }]);
  });

  test("of all keys with a prefix is listed in their order, and is 404 without a key", async () => {
    await put("t/b", "1", told("file"));
    await put("t/a", "1", told("default"));
    await put("u", "1", told("file"));
    const origins = await originsOf("t/?recurse");
    expect(origins.map(({ Key, Origin }) => [Key, Origin])).toEqual([
      ["t/a", "default"],
      ["t/b", "file"],
    ]);
    expect((await ask("GET", "/v1/praetor/kv-origin/none")).status).toBe(404);
    expect((await ask("GET", "/v1/praetor/kv-origin/none?recurse")).status).toBe(404);
    expect(await ask("GET", "/v1/praetor/kv-origin/")).toMatchObject({ status: 400, body: "Missing key name" });
  });

  test("names the services whose environment overrides the key, a list of values too", async () => {
    await put("c/Service/Port", "1", told("file"));
    await put("c/Service/Labels/0", "x", told("file"));
    await put("c/Service/Host", "x", told("file"));
    const Meta = { "praetor-env-SERVICE_PORT": "c/Service/Port", "praetor-env-LABELS": "c/Service/Labels", other: "c" };
    expect((await ask("PUT", "/v1/agent/service/register", JSON.stringify({ Name: "core", Meta }))).status).toBe(200);
    const hiddenBy = (Variable: string) => [{ Service: "core", Node: "n1", Variable }];
    const origins = await originsOf("c/?recurse");
    expect(origins.map(({ Key, HiddenBy }) => [Key, HiddenBy])).toEqual([
      ["c/Service/Host", []],
      ["c/Service/Labels/0", hiddenBy("LABELS")],
      ["c/Service/Port", hiddenBy("SERVICE_PORT")],
    ]);
    expect(await ask("PUT", "/v1/agent/service/deregister/core")).toMatchObject({ status: 200 });
    expect(await originsOf("c/Service/Port")).toMatchObject([{ HiddenBy: [] }]);
  });
});

describe("a reset", () => {
  beforeEach(async () => {
    await put("s/rate", "10", told("file"));
    await put("s/rate", "20", told("operator"));
    await put("s/unit", "Hz", told("default"));
    await put("s/new", "1", told("operator"));
  });

  test("puts keys back to what their service has pushed, and names those that it leaves", async () => {
    const { index } = api.store;
    const planned = {
      ...{ Left: ["s/new"], Seen: index },
      Changes: [{ Key: "s/rate", Operation: "changed", Before: { Value: btoa("20") }, After: { Value: btoa("10") } }],
    };
    const dry = await ask("PUT", "/v1/praetor/kv-reset/s/?recurse&dry_run");
    expect(dry).toMatchObject({ status: 200, body: { Done: false, ...planned } });
    expect(api.store.index).toBe(index);
    const done = await ask("PUT", "/v1/praetor/kv-reset/s/?recurse", "", { "X-Praetor-Reason": "again" });
    expect(done).toMatchObject({ status: 200, body: { Done: true, ...planned } });
    expect(await originsOf("s/rate")).toMatchObject([{ Origin: "file", Means: "reset", Reason: "again" }]);
    const again = await ask("PUT", "/v1/praetor/kv-reset/s/?recurse");
    expect(again).toMatchObject({ status: 200, body: { Done: true, Changes: [] } });
    expect(api.store.index).toBe(index + 1);
  });

  test("of one key leaves the others", async () => {
    await put("s/unit", "kHz", told("operator"));
    expect((await ask("PUT", "/v1/praetor/kv-reset/s/unit")).body).toMatchObject({ Done: true, Left: [] });
    const origins = await originsOf("s/?recurse");
    expect(origins.map(({ Origin }) => Origin)).toEqual(["operator", "operator", "default"]);
  });

  test("that cannot be done changes nothing and says why", async () => {
    const { index } = api.store;
    expect(await ask("PUT", "/v1/praetor/kv-reset/s/new")).toEqual({
      status: 409,
      body:
        'no value of the key "s/new" that a service has pushed is kept; nothing was changed. ' +
        "Write the value, or roll the key back to one of its kept versions.",
    });
    expect(await ask("PUT", `/v1/praetor/kv-reset/s/?recurse&cas=${index - 1}`)).toMatchObject({ status: 409 });
    expect(await ask("PUT", "/v1/praetor/kv-reset/none")).toMatchObject({ status: 404 });
    expect(await ask("PUT", "/v1/praetor/kv-reset/")).toMatchObject({ status: 400, body: "Missing key name" });
    expect(await ask("PUT", "/v1/praetor/kv-reset/s/rate?cas=x")).toMatchObject({ status: 400 });
    expect(api.store.index).toBe(index);
  });
});

describe("with access control", () => {
  let manager: Headers;

  beforeEach(async () => {
    api = await startTestApi({ isDenying: true });
    const { body } = await ask("PUT", "/v1/acl/bootstrap");
    manager = { "X-Consul-Token": (body as { SecretID: string }).SecretID };
  });

  async function tokenWith(Rules: string): Promise<Headers> {
    const name = `p${api.store.index}`;
    await ask("PUT", "/v1/acl/policy", JSON.stringify({ Name: name, Rules }), manager);
    const { body } = await ask("PUT", "/v1/acl/token", JSON.stringify({ Policies: [{ Name: name }] }), manager);
    return { "X-Consul-Token": (body as { SecretID: string }).SecretID };
  }

  test("origins show only keys and services that the caller may read", async () => {
    const Meta = { "praetor-env-A": "t/shown" };
    await ask("PUT", "/v1/kv/t/shown", "1", { ...manager, ...told("file") });
    await ask("PUT", "/v1/kv/t/hidden", "1", { ...manager, ...told("file") });
    await ask("PUT", "/v1/agent/service/register", JSON.stringify({ Name: "core", Meta }), manager);
    const keys = 'key_prefix "t/" { policy = "read" } key "t/hidden" { policy = "deny" }';
    const reader = await tokenWith(keys);
    const hides = await tokenWith(`${keys} service "core" { policy = "read" } node "n1" { policy = "read" }`);
    const list = async (headers: Headers): Promise<unknown> =>
      (await ask("GET", "/v1/praetor/kv-origin/t/?recurse", undefined, headers)).body;
    expect(await list(reader)).toMatchObject([{ Key: "t/shown", HiddenBy: [] }]);
    expect(await list(hides)).toMatchObject([{ Key: "t/shown", HiddenBy: [{ Service: "core", Variable: "A" }] }]);
    expect((await ask("GET", "/v1/praetor/kv-origin/t/hidden", undefined, reader)).status).toBe(403);
    expect((await ask("GET", "/v1/praetor/kv-origin/t/shown")).status).toBe(403);
  });

  test("a reset needs the right to write each key, and nothing changes without it", async () => {
    for (const [value, origin] of [
      ["1", "file"],
      ["2", "operator"],
    ] as const)
      await ask("PUT", "/v1/kv/t/a", value, { ...manager, ...told(origin) });
    const reader = await tokenWith('key_prefix "t/" { policy = "read" }');
    const partly = await tokenWith('key_prefix "t/" { policy = "write" } key "t/b" { policy = "deny" }');
    const writer = await tokenWith('key_prefix "t/" { policy = "write" }');
    const { index } = api.store;
    const reset = (path: string, headers: Headers) => ask("PUT", `/v1/praetor/kv-reset/${path}`, "", headers);
    expect((await reset("t/a", reader)).status).toBe(403);
    expect((await reset("t/?recurse", reader)).status).toBe(403);
    expect((await reset("t/?recurse", partly)).status).toBe(403);
    expect(api.store.index).toBe(index);
    expect(await reset("t/?recurse", writer)).toMatchObject({ status: 200, body: { Done: true } });
  });
});
