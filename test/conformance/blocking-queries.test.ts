import { describe, expect, test } from "bun:test";
import {
  del,
  expectError,
  get,
  keyFolder,
  put,
  registerService,
  sharedTarget,
  unique,
} from "../support/conformance.ts";
import { promptly } from "../support/promptly.ts";

await sharedTarget();

describe("the wait of a blocking query", () => {
  test("ends after the requested time, and the answer has the unchanged index", async () => {
    const key = `/v1/kv/${keyFolder()}a`;
    await put(key, "x");
    const { index } = await get(key);
    const startMs = performance.now();
    expect((await get(`${key}?index=${index}&wait=800ms`)).index).toBe(index);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(790);
  });

  test.each(["wait=1800000ms", "wait=10m", "index=0&wait=10m", "index=&wait=10m", "index=1&wait=10m", "index=0"])(
    "does not start with %s: the answer is immediate",
    async (query) => {
      const key = `/v1/kv/${keyFolder()}a`;
      await put(key, "x");
      await promptly(get(`${key}?${query}`));
    },
  );

  test("does not start for a read that does not support blocking", async () => {
    await promptly(get("/v1/agent/services?index=99999999&wait=10m"));
    await promptly(get("/v1/status/leader?index=99999999&wait=10m"));
  });

  test("for an index above the store's newest ends with the current index in the answer", async () => {
    const key = `/v1/kv/${keyFolder()}a`;
    await put(key, "x");
    const answer = await get(`${key}?index=999999999&wait=200ms`);
    expect(answer.status).toBe(200);
    expect(answer.index).toBe((await get(key)).index);
  });

  test("does not start if its time is negative", async () => {
    const key = `/v1/kv/${keyFolder()}a`;
    await put(key, "x");
    await promptly(get(`${key}?index=1&wait=-1s`));
  });

  test.each(["abc", "-1", "1.5", "0x10", "18446744073709551616", "%201"])(
    "is refused if the index is %s",
    async (index) => {
      for (const path of ["/v1/kv/x", "/v1/catalog/nodes", "/v1/health/service/consul"]) {
        expectError(await get(`${path}?index=${index}`), { status: 400, text: "Invalid index" });
      }
    },
  );

  test.each(["abc", "5", "1", "5x", "s"])("is refused if its time is %s", async (wait) => {
    for (const path of ["/v1/kv/x", "/v1/catalog/nodes", "/v1/health/service/consul"]) {
      expectError(await get(`${path}?wait=${wait}`), { status: 400, text: "Invalid wait time" });
    }
  });
});

describe("X-Consul-Index", () => {
  test("of a folder never decreases through a create, a delete and another create", async () => {
    const folder = keyFolder();
    const seen: number[] = [];
    const look = async (): Promise<void> => void seen.push((await get(`/v1/kv/${folder}?recurse`)).index);
    for (const key of ["a", "b", "c"]) {
      await put(`/v1/kv/${folder}${key}`, "x");
      await look();
    }
    for (const key of ["c", "a", "b"]) {
      await del(`/v1/kv/${folder}${key}`);
      await look();
    }
    await put(`/v1/kv/${folder}a`, "x");
    await look();
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(new Set(seen).size).toBe(seen.length);
  });

  test("of a service does not decrease when the service is deregistered", async () => {
    const Name = unique("web");
    const path = `/v1/health/service/${Name}`;
    const seen = [(await get(path)).index];
    await registerService({ Name, Check: { TTL: "1h" } });
    seen.push((await get(path)).index);
    await put(`/v1/agent/service/deregister/${Name}`);
    seen.push((await get(path)).index);
    await registerService({ Name });
    seen.push((await get(path)).index);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });

  test("rises when a key changes, which ends all of many blocking queries for that key", async () => {
    const key = `/v1/kv/${keyFolder()}a`;
    await put(key, "one");
    const { index } = await get(key);
    const waiting = Array.from({ length: 50 }, () => get(`${key}?raw&index=${index}&wait=10m`));
    await Bun.sleep(100);
    await put(key, "two");
    const answers = await promptly(Promise.all(waiting));
    expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(["two"]));
  });
});
