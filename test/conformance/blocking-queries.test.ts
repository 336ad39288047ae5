import { describe, expect, test } from "bun:test";
import { whileBlocked, type Woken } from "../support/blocked.ts";
import {
  del,
  differs,
  expectError,
  get,
  keyFolder,
  put,
  registerNode,
  registerService,
  sharedTarget,
  unique,
} from "../support/conformance.ts";

await sharedTarget();

/** Well below the 4 s that the held request would wait. */
const promptMs = 1_500;

function expectWoken({ before, after, tookMs }: Woken): void {
  expect(tookMs).toBeLessThan(promptMs);
  expect(after.index).toBeGreaterThan(before.index);
}

/** The wait ended: same index, same answer. */
async function expectUndisturbed(path: string, act: () => Promise<unknown>): Promise<void> {
  const { before, after, tookMs } = await whileBlocked(path, act, { wait: "300ms" });
  expect(after.index).toBe(before.index);
  expect(after.text).toBe(before.text);
  expect(tookMs).toBeGreaterThan(150);
}

describe("a key", () => {
  test("wakes when it is created", async () => {
    const key = `/v1/kv/${keyFolder()}a`;
    const woken = await whileBlocked(key, () => put(key, "one"));
    expectWoken(woken);
    expect([woken.before.status, woken.after.status]).toEqual([404, 200]);
  });

  test("wakes when it is updated, with the new value", async () => {
    const key = `/v1/kv/${keyFolder()}a`;
    await put(key, "one");
    const woken = await whileBlocked(`${key}?raw`, () => put(key, "two"));
    expectWoken(woken);
    expect(woken.after.text).toBe("two");
  });

  test("wakes when its flags change", async () => {
    const key = `/v1/kv/${keyFolder()}a`;
    await put(key, "one");
    expectWoken(await whileBlocked(key, () => put(`${key}?flags=1`, "one")));
  });

  test("wakes when it is deleted", async () => {
    const key = `/v1/kv/${keyFolder()}a`;
    await put(key, "one");
    const woken = await whileBlocked(key, () => del(key));
    expectWoken(woken);
    expect(woken.after.status).toBe(404);
  });

  test("wakes when a folder above it is deleted", async () => {
    const folder = keyFolder();
    await put(`/v1/kv/${folder}sub/a`, "one");
    expectWoken(await whileBlocked(`/v1/kv/${folder}sub/a`, () => del(`/v1/kv/${folder}?recurse`)));
  });

  test("sleeps through a write of the same value", async () => {
    const key = `/v1/kv/${keyFolder()}a`;
    await put(key, "one");
    await expectUndisturbed(key, () => put(key, "one"));
  });

  test("sleeps through writes of other keys, there or not", async () => {
    const folder = keyFolder();
    await put(`/v1/kv/${folder}a`, "one");
    await expectUndisturbed(`/v1/kv/${folder}a`, () => put(`/v1/kv/${folder}b`, "x"));
    await expectUndisturbed(`/v1/kv/${folder}a`, () => put(`/v1/kv/${folder}a/b`, "x"));
    await expectUndisturbed(`/v1/kv/${folder}none`, () => put(`/v1/kv/${folder}c`, "x"));
  });

  test("sleeps through a lost check-and-set", async () => {
    const key = `/v1/kv/${keyFolder()}a`;
    await put(key, "one");
    await expectUndisturbed(key, () => put(`${key}?cas=0`, "two"));
  });
});

describe.each(["?recurse", "?keys", "?keys&separator=/"])("a folder with %s", (query) => {
  test("wakes when a key in it is created, updated and deleted", async () => {
    const folder = keyFolder();
    await put(`/v1/kv/${folder}a`, "one");
    expectWoken(await whileBlocked(`/v1/kv/${folder}${query}`, () => put(`/v1/kv/${folder}b/c`, "one")));
    expectWoken(await whileBlocked(`/v1/kv/${folder}${query}`, () => put(`/v1/kv/${folder}b/c`, "two")));
    expectWoken(await whileBlocked(`/v1/kv/${folder}${query}`, () => del(`/v1/kv/${folder}b/c`)));
  });

  test("wakes when it is created and when it is deleted", async () => {
    const folder = keyFolder();
    const path = `/v1/kv/${folder}${query}`;
    expectWoken(await whileBlocked(path, () => put(`/v1/kv/${folder}a`, "one")));
    const woken = await whileBlocked(path, () => del(`/v1/kv/${folder}?recurse`));
    expectWoken(woken);
    expect(woken.after.status).toBe(404);
  });

  test("sleeps through writes beside it", async () => {
    const folder = keyFolder();
    await put(`/v1/kv/${folder}x/a`, "one");
    await expectUndisturbed(`/v1/kv/${folder}x/${query}`, () => put(`/v1/kv/${folder}x2`, "x"));
    await expectUndisturbed(`/v1/kv/${folder}x/${query}`, () => del(`/v1/kv/${folder}x2`));
  });

  test("wakes when a folder above it is deleted", async () => {
    const folder = keyFolder();
    await put(`/v1/kv/${folder}x/a`, "one");
    const woken = await whileBlocked(`/v1/kv/${folder}x/${query}`, () => del(`/v1/kv/${folder}?recurse`), {
      wait: "2s",
    });
    expect(woken.after.status).toBe(404);
    const reason = "misses a recursive delete of a parent and lets the index fall back";
    if (!differs("consul", reason)) expectWoken(woken);
  });
});

describe("a service", () => {
  const paths = ["/v1/health/service", "/v1/health/checks", "/v1/catalog/service"];

  test.each(paths)("wakes at %s when it is registered and when it goes", async (path) => {
    const Name = unique("web");
    const register = (): Promise<void> => registerService({ Name, Check: { TTL: "1h" } });
    const registered = await whileBlocked(`${path}/${Name}`, register);
    expectWoken(registered);
    expect(registered.before.text).toBe("[]");
    expect(registered.after.text).toContain(`"ServiceName":"${Name}"`);
    const gone = await whileBlocked(`${path}/${Name}`, () => put(`/v1/agent/service/deregister/${Name}`));
    expectWoken(gone);
    expect(gone.after.text).toBe("[]");
  });

  test.each(["/v1/health/service", "/v1/health/checks"])("wakes at %s when its check changes", async (path) => {
    const Name = unique("web");
    await registerService({ Name, Check: { TTL: "1h" } });
    const woken = await whileBlocked(`${path}/${Name}`, () => put(`/v1/agent/check/pass/service:${Name}`));
    expectWoken(woken);
    expect(woken.after.text).toContain(
      `"CheckID":"service:${Name}","Name":"Service '${Name}' check","Status":"passing"`,
    );
  });

  test.each(["/v1/health/service", "/v1/catalog/service"])("wakes at %s when its port changes", async (path) => {
    const Name = unique("web");
    await registerService({ Name });
    const woken = await whileBlocked(`${path}/${Name}`, () => registerService({ Name, Port: 9 }));
    expectWoken(woken);
    expect(woken.after.text).toMatch(/Port":9\b/);
  });

  test("wakes with ?passing when it becomes healthy", async () => {
    const Name = unique("web");
    await registerService({ Name, Check: { TTL: "1h" } });
    const path = `/v1/health/service/${Name}?passing`;
    const woken = await whileBlocked(path, () => put(`/v1/agent/check/pass/service:${Name}`));
    expectWoken(woken);
    expect(woken.before.text).toBe("[]");
    expect(woken.after.text).toContain(`"ID":"${Name}"`);
  });

  test("wakes when a check of its node changes", async () => {
    const [Node, service] = [unique("node"), unique("web")];
    await registerNode({ Node, Service: { Service: service } });
    const register = (): Promise<void> => registerNode({ Node, Check: { Name: "disk", Status: "warning" } });
    expectWoken(await whileBlocked(`/v1/health/service/${service}`, register));
  });

  test.each(["/v1/health/service", "/v1/catalog/service"])("sleeps at %s through what others do", async (path) => {
    const [Name, other] = [unique("web"), unique("web")];
    await registerService({ Name, Check: { TTL: "1h" } });
    await expectUndisturbed(`${path}/${Name}`, () => registerService({ Name: other, Check: { TTL: "1h" } }));
    await expectUndisturbed(`${path}/${Name}`, () => put(`/v1/agent/check/pass/service:${other}`));
    await expectUndisturbed(`${path}/${Name}`, () => put(`/v1/agent/service/deregister/${other}`));
    await expectUndisturbed(`${path}/${Name}`, () => put(`/v1/kv/${keyFolder()}a`, "x"));
  });

  test("sleeps through the same status again, with the same note or another", async () => {
    const Name = unique("web");
    await registerService({ Name, Check: { TTL: "1h", Status: "passing" } });
    const path = `/v1/health/service/${Name}`;
    const pass = `/v1/agent/check/pass/service:${Name}`;
    await expectUndisturbed(path, () => put(pass));
    const { before, after } = await whileBlocked(path, () => put(`${pass}?note=new`), { wait: "300ms" });
    expect(after.index).toBe(before.index);
  });
});

describe("lists", () => {
  test("services wake when one comes and goes", async () => {
    const Name = unique("web");
    expectWoken(await whileBlocked("/v1/catalog/services", () => registerService({ Name })));
    const gone = await whileBlocked("/v1/catalog/services", () => put(`/v1/agent/service/deregister/${Name}`));
    expectWoken(gone);
    expect(gone.after.text).not.toContain(`"${Name}"`);
  });

  test("services sleep through checks and keys", async () => {
    const Name = unique("web");
    await registerService({ Name, Check: { TTL: "1h" } });
    await expectUndisturbed("/v1/catalog/services", () => put(`/v1/agent/check/pass/service:${Name}`));
    await expectUndisturbed("/v1/catalog/services", () => put(`/v1/kv/${keyFolder()}a`, "x"));
  });

  test("nodes wake when one comes and goes", async () => {
    const Node = unique("node");
    expectWoken(await whileBlocked("/v1/catalog/nodes", () => registerNode({ Node })));
    expectWoken(await whileBlocked("/v1/catalog/nodes", () => put("/v1/catalog/deregister", { Node })));
  });

  test("nodes sleep through services and keys", async () => {
    await expectUndisturbed("/v1/catalog/nodes", () => registerService({ Name: unique("web") }));
    await expectUndisturbed("/v1/catalog/nodes", () => put(`/v1/kv/${keyFolder()}a`, "x"));
  });

  test.each(["any", "critical", "passing"])("the state %s wakes when a check enters or leaves it", async (state) => {
    const Name = unique("web");
    await registerService({ Name, Check: { TTL: "1h" } });
    expectWoken(await whileBlocked(`/v1/health/state/${state}`, () => put(`/v1/agent/check/pass/service:${Name}`)));
  });

  test("the state any sleeps through keys", async () => {
    await expectUndisturbed("/v1/health/state/any", () => put(`/v1/kv/${keyFolder()}a`, "x"));
  });
});

describe("a node", () => {
  test.each(["/v1/catalog/node", "/v1/catalog/node-services"])("wakes at %s for its services", async (path) => {
    const Node = unique("node");
    await registerNode({ Node });
    const register = (): Promise<void> => registerNode({ Node, Service: { Service: "web" } });
    const woken = await whileBlocked(`${path}/${Node}`, register);
    expectWoken(woken);
    expect(woken.after.text).toContain('"Service":"web"');
    expectWoken(await whileBlocked(`${path}/${Node}`, () => put("/v1/catalog/deregister", { Node, ServiceID: "web" })));
  });

  test("wakes at /v1/health/node for its checks", async () => {
    const Node = unique("node");
    await registerNode({ Node });
    const register = (): Promise<void> => registerNode({ Node, Check: { Name: "disk" } });
    expectWoken(await whileBlocked(`/v1/health/node/${Node}`, register));
  });

  test("wakes when it is created", async () => {
    const Node = unique("node");
    const woken = await whileBlocked(`/v1/catalog/node/${Node}`, () => registerNode({ Node }));
    expectWoken(woken);
    expect(woken.before.text).toBe("null");
  });

  test("wakes when it is deregistered", async () => {
    const Node = unique("node");
    await registerNode({ Node });
    const deregister = () => put("/v1/catalog/deregister", { Node });
    const woken = await whileBlocked(`/v1/catalog/node/${Node}`, deregister, { wait: "1s" });
    expect(woken.after.text).toBe("null");
    if (!differs("consul", "misses the end of a node and lets its index fall back to 1")) expectWoken(woken);
  });

  test("sleeps through the services of other nodes", async () => {
    const [Node, other] = [unique("node"), unique("node")];
    await registerNode({ Node });
    await expectUndisturbed(`/v1/catalog/node/${Node}`, () =>
      registerNode({ Node: other, Service: { Service: "web" } }),
    );
  });
});

describe("the wait", () => {
  const timed = async (path: string): Promise<number> => {
    const started = performance.now();
    await get(path);
    return performance.now() - started;
  };

  test("ends after its time with the same index, and at most a sixteenth later", async () => {
    const key = `/v1/kv/${keyFolder()}a`;
    await put(key, "x");
    const { index } = await get(key);
    const took = await timed(`${key}?index=${index}&wait=800ms`);
    expect(took).toBeGreaterThanOrEqual(790);
    expect(took).toBeLessThan(800 + 50 + 300);
  });

  test.each(["wait=1800000ms", "wait=10s", "index=0&wait=10s", "index=&wait=10s", "index=1&wait=10s", "index=0"])(
    "is not begun with %s: the answer comes at once",
    async (query) => {
      const key = `/v1/kv/${keyFolder()}a`;
      await put(key, "x");
      expect(await timed(`${key}?${query}`)).toBeLessThan(promptMs);
    },
  );

  test("is not begun where nothing can be awaited", async () => {
    expect(await timed("/v1/agent/services?index=99999999&wait=10s")).toBeLessThan(promptMs);
    expect(await timed("/v1/status/leader?index=99999999&wait=10s")).toBeLessThan(promptMs);
  });

  test("for an index of the future ends with the true one", async () => {
    const key = `/v1/kv/${keyFolder()}a`;
    await put(key, "x");
    const answer = await get(`${key}?index=999999999&wait=200ms`);
    expect(answer.status).toBe(200);
    expect(answer.index).toBe((await get(key)).index);
  });

  test("a negative one is none", async () => {
    const key = `/v1/kv/${keyFolder()}a`;
    await put(key, "x");
    expect(await timed(`${key}?index=1&wait=-1s`)).toBeLessThan(promptMs);
  });

  test.each(["abc", "-1", "1.5", "0x10", "18446744073709551616", "%201"])("the index %s is refused", async (index) => {
    for (const path of ["/v1/kv/x", "/v1/catalog/nodes", "/v1/health/service/consul"]) {
      expectError(await get(`${path}?index=${index}`), { status: 400, text: "Invalid index" });
    }
  });

  test.each(["abc", "5", "1", "5x", "s"])("the time %s is refused", async (wait) => {
    for (const path of ["/v1/kv/x", "/v1/catalog/nodes", "/v1/health/service/consul"]) {
      expectError(await get(`${path}?wait=${wait}`), { status: 400, text: "Invalid wait time" });
    }
  });
});

describe("the index", () => {
  test("of a folder never goes backwards through creating, deleting and creating again", async () => {
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

  test("of a service never goes backwards through its end", async () => {
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

  test("many waiting for one key are all answered", async () => {
    const key = `/v1/kv/${keyFolder()}a`;
    await put(key, "one");
    const { index } = await get(key);
    const waiting = Array.from({ length: 50 }, () => get(`${key}?raw&index=${index}&wait=4s`));
    await Bun.sleep(100);
    await put(key, "two");
    const answers = await Promise.all(waiting);
    expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(["two"]));
  });
});
