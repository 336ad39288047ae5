import { describe, expect, test } from "bun:test";
import {
  del,
  expectError,
  get,
  keyFolder,
  put,
  registerService,
  send,
  sharedTarget,
  unique,
} from "../support/conformance.ts";

await sharedTarget();

const catalogReads = [
  ...["/v1/catalog/nodes", "/v1/catalog/services", "/v1/catalog/service/consul", "/v1/catalog/node/node1"],
  ...["/v1/catalog/node-services/node1", "/v1/health/node/node1", "/v1/health/checks/consul"],
  ...["/v1/health/state/any", "/v1/health/service/consul"],
];

async function writtenKey(): Promise<string> {
  const key = `/v1/kv/${keyFolder()}a`;
  await put(key, "x");
  return key;
}

describe("?pretty", () => {
  test.each(["?pretty", "?pretty=true", "?pretty=false", "?pretty=0"])(
    "%s indents by four spaces and ends the line",
    async (query) => {
      const key = await writtenKey();
      const plain = await get(key);
      const answer = await get(`${key}${query}`);
      expect(answer.text).toBe(`${JSON.stringify(plain.json, undefined, 4)}\n`);
      expect(answer.header("Content-Type")).toBe("application/json");
    },
  );

  test("indents nested values and keeps empty ones on one line", async () => {
    const Name = unique("web");
    await registerService({ Name, Address: "10.1.2.3", Tags: ["a"] });
    const filter = encodeURIComponent(`ID == "${Name}"`);
    const plain = (await get(`/v1/agent/services?filter=${filter}`)).json;
    const pretty = (await get(`/v1/agent/services?pretty&filter=${filter}`)).text;
    expect(pretty).toBe(`${JSON.stringify(plain, undefined, 4)}\n`);
    expect((await get("/v1/catalog/service/nobody?pretty")).text).toBe("[]\n");
    expect((await get("/v1/catalog/node/nobody?pretty")).text).toBe("null\n");
  });

  test("works for writes and plain values", async () => {
    expect((await put(`/v1/kv/${keyFolder()}a?pretty`, "x")).text).toBe("true\n");
    expect((await get("/v1/status/leader?pretty")).text).toMatch(/^"[\d.:]+"\n$/);
  });
});

describe("consistency", () => {
  test.each(catalogReads)("%s names its mode", async (path) => {
    const consistencyOf = async (query: string): Promise<string | undefined> =>
      (await get(`${path}${query}`)).header("X-Consul-Effective-Consistency");
    expect(await consistencyOf("")).toBe("leader");
    expect(await consistencyOf("?stale")).toBe("stale");
    expect(await consistencyOf("?stale=false")).toBe("stale");
    expect(await consistencyOf("?consistent")).toBe("consistent");
    expect(await consistencyOf("?max_stale=5s")).toBe("stale");
  });

  test("keys are read in any mode, without naming it", async () => {
    const key = await writtenKey();
    for (const query of ["?stale", "?consistent", "?max_stale=10s", "?max_stale=10s&stale"]) {
      const answer = await get(`${key}${query}`);
      expect(answer.text).toBe((await get(key)).text);
      expect(answer.header("X-Consul-Effective-Consistency")).toBeUndefined();
    }
  });

  test.each([...catalogReads, "/v1/kv/x"])("%s cannot be both", async (path) => {
    const text = "Cannot specify ?stale with ?consistent, conflicting semantics.";
    expectError(await get(`${path}?stale&consistent`), { status: 400, text });
    const cached = "Cannot specify ?cached with ?consistent, conflicting semantics.";
    expectError(await get(`${path}?cached&consistent`), { status: 400, text: cached });
  });

  test("a write cannot have both modes", async () => {
    const text = "Cannot specify ?stale with ?consistent, conflicting semantics.";
    expectError(await put(`/v1/kv/${keyFolder()}a?stale&consistent`, "x"), { status: 400, text });
  });

  test("max_stale must be a duration", async () => {
    const text = 'Invalid max_stale value "abc"';
    expectError(await get("/v1/kv/x?max_stale=abc"), { status: 400, text });
    expectError(await get("/v1/catalog/nodes?max_stale=abc"), { status: 400, text });
  });

  test("a read after a write sees it", async () => {
    const key = `/v1/kv/${keyFolder()}a`;
    for (let round = 0; round < 20; round += 1) {
      await put(key, `${round}`);
      expect((await get(`${key}?raw${round % 2 === 0 ? "&consistent" : ""}`)).text).toBe(`${round}`);
    }
  });
});

describe("?dc", () => {
  test.each([...catalogReads, "/v1/kv/x", "/v1/kv/?keys"])("unknown is an error: %s", async (path) => {
    const separator = path.includes("?") ? "&" : "?";
    for (const dc of ["nowhere", "DC1"]) {
      expectError(await get(`${path}${separator}dc=${dc}`), { status: 500, text: "No path to datacenter" });
    }
  });

  test.each(["dc=dc1", "dc=", "dc"])("%s is this datacenter", async (query) => {
    const key = await writtenKey();
    expect((await get(`${key}?raw&${query}`)).text).toBe("x");
  });

  test.each(["/v1/catalog/nodes", "/v1/catalog/node/node1", "/v1/health/service/x"])(
    "unknown is an error before a wrong filter: %s",
    async (path) => {
      expectError(await get(`${path}?filter=x&dc=nowhere`), { status: 500, text: "No path to datacenter" });
    },
  );

  test("unknown refuses writes of keys", async () => {
    const key = await writtenKey();
    expectError(await put(`${key}?dc=nowhere`, "y"), { status: 500, text: "No path to datacenter" });
    expectError(await del(`${key}?dc=nowhere`), { status: 500, text: "No path to datacenter" });
    expect((await get(`${key}?raw`)).text).toBe("x");
  });

  test("has no effect on the agent's endpoints", async () => {
    expect((await get("/v1/agent/services?dc=nowhere")).status).toBe(200);
    expect((await get("/v1/agent/self?dc=nowhere")).status).toBe(200);
  });
});

describe("a parameter without a meaning here", () => {
  test.each(["token=abc", "unknown=1", "cached", "near=_agent", "separator=/", "recurse2", "&", ";", "flags=abc"])(
    "is ignored: ?%s",
    async (query) => {
      const key = await writtenKey();
      expect((await get(`${key}?raw&${query}`)).text).toBe("x");
    },
  );

  test.each<[string, string]>([
    ["X-Consul-Token", "abc"],
    ["Authorization", "Bearer abc"],
    ["X-Consul-Namespace", ""],
    ["Cache-Control", "max-age=1, must-revalidate"],
    ["Accept", "text/html"],
  ])("is ignored: the header %s", async (name, value) => {
    const key = await writtenKey();
    expect((await send("GET", `${key}?raw`, { headers: { [name]: value } })).text).toBe("x");
  });

  test("the first of a repeated parameter counts", async () => {
    const key = await writtenKey();
    expect((await get(`${key}?index=&index=abc`)).status).toBe(200);
    expect((await get(`${key}?index=abc&index=1`)).status).toBe(400);
  });

  test("a parameter without a value counts as present", async () => {
    const folder = keyFolder();
    await put(`/v1/kv/${folder}a`, "x");
    expect((await get(`/v1/kv/${folder}?keys=`)).json).toEqual([`${folder}a`]);
    expect((await get(`/v1/kv/${folder}?recurse=&wait=1800000ms`)).status).toBe(200);
  });
});

describe("an error in a read's options", () => {
  const reads = [
    ...["/v1/catalog/node/", "/v1/catalog/service/", "/v1/health/service/", "/v1/health/state/", "/v1/session/info/"],
    ...["/v1/status/leader", "/v1/operator/raft/configuration", "/v1/coordinate/nodes", "/v1/internal/ui/services"],
  ];

  test.each(reads)("is reported before any other, in a fixed order: %s", async (path) => {
    const all = ["stale&consistent", "wait=abc", "index=abc", "dc=nowhere"];
    const texts = [
      "Cannot specify ?stale with ?consistent, conflicting semantics.",
      "Invalid wait time",
      "Invalid index",
    ];
    for (const [at, text] of texts.entries()) {
      expectError(await get(`${path}?${all.slice(at).toReversed().join("&")}`), { status: 400, text });
    }
  });

  test("also fails a write of a key and the renewal of a session", async () => {
    expectError(await put("/v1/kv/x?index=abc", "x"), { status: 400, text: "Invalid index" });
    expectError(await put("/v1/session/renew/x?wait=abc"), { status: 400, text: "Invalid wait time" });
    expectError(await put("/v1/kv/?dc=nowhere", "x"), { status: 400, text: "Missing key name" });
  });

  test("in a filter fails the agent's own lists without an index", async () => {
    for (const path of ["/v1/agent/services", "/v1/agent/checks"]) {
      const answer = await get(`${path}?filter=x`);
      expect([answer.status, answer.header("X-Consul-Index")]).toEqual([500, undefined]);
    }
  });
});

describe("?ns", () => {
  const text = 'Bad request: Invalid query parameter: "ns" - Namespaces are a Consul Enterprise feature';

  test.each([
    ...["/v1/agent/services", "/v1/agent/service/x", "/v1/agent/checks", "/v1/agent/health/service/id/x"],
    ...["/v1/catalog/services", "/v1/catalog/service/x", "/v1/catalog/node/node1", "/v1/catalog/node-services/node1"],
    ...["/v1/health/service/x", "/v1/health/node/node1", "/v1/health/state/any", "/v1/kv/x", "/v1/session/list"],
    ...["/v1/internal/ui/nodes", "/v1/catalog/connect/x"],
  ])("is refused where rows could have a namespace: %s", async (path) => {
    for (const ns of ["x", "default"]) expectError(await get(`${path}?ns=${ns}`), { status: 400, text });
    expect((await get(`${path}?ns=`)).text).not.toBe(text);
  });

  test.each(["/v1/agent/service/register", "/v1/agent/check/register", "/v1/catalog/register", "/v1/session/create"])(
    "is refused before the body is read: %s",
    async (path) => {
      expectError(await put(`${path}?ns=x`, "{"), { status: 400, text });
    },
  );

  test.each(["/v1/catalog/nodes", "/v1/catalog/datacenters", "/v1/agent/members", "/v1/status/leader"])(
    "has no effect on the rest: %s",
    async (path) => {
      expect((await get(`${path}?ns=x`)).status).toBe(200);
    },
  );
});
