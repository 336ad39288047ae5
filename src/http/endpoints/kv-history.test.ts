import { beforeEach, describe, expect, test } from "bun:test";
import { startTestApi, type TestApi } from "../../../test/support/api.ts";

let api: TestApi;
beforeEach(async () => void (api = await startTestApi()));

/** Sends a request, and returns status, headers and the body: as JSON if it is that. */
async function ask(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
  const answer = await api.ask(path, { method, headers, ...(body !== undefined && { body }) });
  const text = await answer.text();
  const isJson = answer.headers.get("content-type") === "application/json";
  return { status: answer.status, headers: answer.headers, body: isJson ? (JSON.parse(text) as unknown) : text };
}

async function read(path: string): Promise<unknown> {
  const { status, body } = await ask("GET", path);
  expect([path, status, body]).toEqual([path, 200, body]);
  return body;
}

/** Writes a key a minute after the last write, and returns the index of the write. */
async function put(key: string, value: string, headers?: Record<string, string>): Promise<number> {
  api.clock.jumpWall(60_000);
  expect((await ask("PUT", `/v1/kv/${key}`, value, headers)).body).toBe(true);
  return api.store.index;
}

async function remove(path: string): Promise<number> {
  api.clock.jumpWall(60_000);
  expect((await ask("DELETE", path)).body).toBe(true);
  return api.store.index;
}

/** Returns keys and values at a moment. */
async function at(moment: number | string, path = "?recurse"): Promise<Readonly<Record<string, string>>> {
  const separator = path.includes("?") ? "&" : "?";
  const { status, body } = await ask("GET", `/v1/praetor/kv/${path}${separator}at=${moment}`);
  if (status === 404) return {};
  expect([status, body]).toEqual([200, body]);
  return Object.fromEntries(
    (body as { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, atob(Value ?? "")]),
  );
}

describe("the versions of a key", () => {
  test("are listed newest first, with value, time, writer and reason", async () => {
    const first = await put("rate", "10");
    const second = await put("rate", "20", { "User-Agent": "curl/8.5.0 (x)", "X-Praetor-Reason": "too%20slow" });
    const third = await remove("/v1/kv/rate");
    const time = (minutesAgo: number): string => new Date(api.clock.wallMs() - minutesAgo * 60_000).toISOString();
    expect(await read("/v1/praetor/kv-history/rate")).toMatchObject([
      { Index: third, Operation: "delete", Time: time(0) },
      {
        ...{ Index: second, Operation: "set", Time: time(1), Value: btoa("20"), Size: 2, Reason: "too slow" },
        By: { AccessorID: "", Token: "", Client: "curl/8.5.0" },
      },
      { Index: first, Operation: "set", Value: btoa("10") },
    ]);
    expect(await read("/v1/praetor/kv-history/rate?limit=1")).toHaveLength(1);
    expect((await ask("GET", "/v1/praetor/kv-history/none")).status).toBe(404);
    expect(await ask("GET", "/v1/praetor/kv-history/")).toMatchObject({ status: 400, body: "Missing key name" });
  });

  test("of all keys below a prefix are listed without values", async () => {
    await put("t/a", "1");
    await put("t/b", "1");
    const changed = await put("t/a", "2");
    const gone = await remove("/v1/kv/t/?recurse");
    expect(await read("/v1/praetor/kv-history/t/?recurse")).toMatchObject([
      { Key: "t/b", Index: gone, Operation: "delete" },
      { Key: "t/a", Index: gone, Operation: "delete" },
      { Key: "t/a", Index: changed, Operation: "set", Size: 1 },
    ]);
    expect(JSON.stringify(await read("/v1/praetor/kv-history/t/?recurse"))).not.toContain("Value");
  });

  test("wake a blocking query at the next change", async () => {
    const index = await put("a", "1");
    const waiting = read(`/v1/praetor/kv-history/a?index=${index}&wait=1m`);
    await put("a", "2");
    expect(await waiting).toHaveLength(2);
  });

  test("name the token of the writer, never its secret", async () => {
    api = await startTestApi({ isDenying: true });
    const sent = { "X-Consul-Token": "" };
    const made = await ask("PUT", "/v1/acl/bootstrap", undefined, sent);
    const { SecretID, AccessorID } = made.body as { SecretID: string; AccessorID: string };
    const token = { "X-Consul-Token": SecretID };
    for (const value of ["1", "2"]) await put("a", value, token);
    const { body } = await ask("GET", "/v1/praetor/kv-history/a", undefined, token);
    expect(body).toMatchObject([{ By: { AccessorID, Token: "Bootstrap Token (Global Management)" } }, {}]);
    expect(JSON.stringify(body)).not.toContain(SecretID);
    expect((await ask("GET", "/v1/praetor/kv-history/a")).status).toBe(403);
    expect((await ask("GET", "/v1/praetor/kv-history/?recurse")).body).toEqual([]);
    expect((await ask("GET", "/v1/praetor/kv/?recurse&at=1h")).status).toBe(404);
    expect((await ask("PUT", "/v1/praetor/kv-rollback/?recurse&to=1h")).status).toBe(403);
  });
});

describe("the past", () => {
  test("is read by index, time and age, of a key and of a tree", async () => {
    const first = await put("a", "1");
    const second = await put("a", "2");
    await put("b", "1");
    expect(await at(first)).toEqual({ a: "1" });
    expect(await at(second, "a")).toEqual({ a: "2" });
    expect(await at(first - 1, "a")).toEqual({});
    expect(await at(new Date(api.clock.wallMs() - 60_000).toISOString())).toEqual({ a: "2" });
    expect(await at("1s")).toEqual({ a: "2" });
  });

  test("that is no longer kept is a 410 with the oldest index that is", async () => {
    const indexes: number[] = [];
    for (let value = 0; value < 25; value++) indexes.push(await put("a", `${value}`));
    const { status, body, headers } = await ask("GET", `/v1/praetor/kv/a?at=${indexes[0]}`);
    const oldest = Number(headers.get("x-praetor-oldest-index"));
    expect(status).toBe(410);
    expect(body).toBe(`the state at index ${indexes[0]} is no longer kept; the oldest index that is: ${oldest}`);
    expect(await at(oldest, "a")).toEqual({ a: "4" });
  });

  test.each([
    ["", "at is missing: an index, a time like 2026-01-31T12:00:00Z, or an age like 2h"],
    ["?at=yesterday", `at is an index, a time like 2026-01-31T12:00:00Z, or an age like 2h, not "yesterday"`],
    ["?at=-1h", `at is an index, a time like 2026-01-31T12:00:00Z, or an age like 2h, not "-1h"`],
  ])("is not read with %j", async (query, fault) => {
    expect(await ask("GET", `/v1/praetor/kv/a${query}`)).toMatchObject({ status: 400, body: `Bad request: ${fault}` });
  });
});

test("a diff names added, changed and removed keys with both sides", async () => {
  await put("t/a", "1");
  const from = await put("t/b", "1");
  await put("t/a", "2");
  await put("t/c", "1");
  await remove("/v1/kv/t/b");
  const { Changes } = (await read(`/v1/praetor/kv-diff/t/?from=${from}`)) as { Changes: object[] };
  expect(Changes).toMatchObject([
    { Key: "t/a", Operation: "changed", Before: { Value: btoa("1") }, After: { Value: btoa("2") } },
    { Key: "t/b", Operation: "removed", After: null },
    { Key: "t/c", Operation: "added", Before: null },
  ]);
  expect(await read(`/v1/praetor/kv-diff/t/?from=${from}&to=${from}`)).toEqual({ From: from, To: from, Changes: [] });
});

describe("a rollback", () => {
  test("brings a deleted tree back in one change, and is a change that can be rolled back", async () => {
    await put("t/a", "1");
    const whole = await put("t/b", "1");
    const gone = await remove("/v1/kv/t/?recurse");
    const { status, body } = await ask("PUT", `/v1/praetor/kv-rollback/t/?recurse&to=${whole}`);
    expect([status, body]).toMatchObject([200, { To: whole, Done: true, Changes: [{ Key: "t/a" }, { Key: "t/b" }] }]);
    expect(api.store.index).toBe(gone + 1);
    expect(await at(api.store.index)).toEqual({ "t/a": "1", "t/b": "1" });
    expect(await read("/v1/praetor/kv-history/t/a?limit=1")).toMatchObject([{ Means: "rollback" }]);
    await ask("PUT", `/v1/praetor/kv-rollback/t/?recurse&to=${gone}`);
    expect(await at(api.store.index)).toEqual({});
  });

  test("of a key to its first version does not delete it", async () => {
    const first = await put("a", "1");
    await put("a", "2");
    await ask("PUT", `/v1/praetor/kv-rollback/a?to=${first}`);
    expect(await at(api.store.index)).toEqual({ a: "1" });
  });

  test("is only shown with dry_run, and refused if a key changed after cas", async () => {
    const first = await put("a", "1");
    const second = await put("a", "2");
    const path = `/v1/praetor/kv-rollback/a?to=${first}`;
    expect((await ask("PUT", `${path}&dry_run`)).body).toMatchObject({ Seen: second, Done: false, Changes: [{}] });
    await put("a", "3");
    expect(await ask("PUT", `${path}&cas=${second}`)).toMatchObject({
      status: 409,
      body: `the key "a" changed at index ${second + 1}, after cas=${second}; nothing was changed. Look again.`,
    });
    expect(await at(api.store.index)).toEqual({ a: "3" });
    expect((await ask("PUT", `${path}&cas=${second + 1}`)).body).toMatchObject({ Done: true });
  });
});
