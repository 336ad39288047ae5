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
    "written as %s indents the answer by four spaces and adds a line break at its end",
    async (query) => {
      const key = await writtenKey();
      const plain = await get(key);
      const answer = await get(`${key}${query}`);
      expect(answer.text).toBe(`${JSON.stringify(plain.json, undefined, 4)}\n`);
      expect(answer.header("Content-Type")).toBe("application/json");
    },
  );

  test("indents nested values, and writes empty lists and objects on one line", async () => {
    const Name = unique("web");
    await registerService({ Name, Address: "10.1.2.3", Tags: ["a"] });
    const filter = encodeURIComponent(`ID == "${Name}"`);
    const plain = (await get(`/v1/agent/services?filter=${filter}`)).json;
    const pretty = (await get(`/v1/agent/services?pretty&filter=${filter}`)).text;
    expect(pretty).toBe(`${JSON.stringify(plain, undefined, 4)}\n`);
    expect((await get("/v1/catalog/service/nobody?pretty")).text).toBe("[]\n");
    expect((await get("/v1/catalog/node/nobody?pretty")).text).toBe("null\n");
  });

  test("indents answers to writes, and leaves plain values unchanged", async () => {
    expect((await put(`/v1/kv/${keyFolder()}a?pretty`, "x")).text).toBe("true\n");
    expect((await get("/v1/status/leader?pretty")).text).toMatch(/^"[\d.:]+"\n$/);
  });
});

describe("the consistency mode", () => {
  test.each(catalogReads)("of %s is named in X-Consul-Effective-Consistency", async (path) => {
    const consistencyOf = async (query: string): Promise<string | undefined> =>
      (await get(`${path}${query}`)).header("X-Consul-Effective-Consistency");
    expect(await consistencyOf("")).toBe("leader");
    expect(await consistencyOf("?stale")).toBe("stale");
    expect(await consistencyOf("?stale=false")).toBe("stale");
    expect(await consistencyOf("?consistent")).toBe("consistent");
    expect(await consistencyOf("?max_stale=5s")).toBe("stale");
  });

  test("of a read of keys may be any, and no header names it", async () => {
    const key = await writtenKey();
    for (const query of ["?stale", "?consistent", "?max_stale=10s", "?max_stale=10s&stale"]) {
      const answer = await get(`${key}${query}`);
      expect(answer.text).toBe((await get(key)).text);
      expect(answer.header("X-Consul-Effective-Consistency")).toBeUndefined();
    }
  });

  test.each([...catalogReads, "/v1/kv/x"])(
    "of %s cannot be consistent and at the same time stale or cached",
    async (path) => {
      const text = "Cannot specify ?stale with ?consistent, conflicting semantics.";
      expectError(await get(`${path}?stale&consistent`), { status: 400, text });
      const cached = "Cannot specify ?cached with ?consistent, conflicting semantics.";
      expectError(await get(`${path}?cached&consistent`), { status: 400, text: cached });
    },
  );

  test("of a write cannot be stale and consistent at once", async () => {
    const text = "Cannot specify ?stale with ?consistent, conflicting semantics.";
    expectError(await put(`/v1/kv/${keyFolder()}a?stale&consistent`, "x"), { status: 400, text });
  });

  test("with a max_stale that is not a duration is refused", async () => {
    const text = 'Invalid max_stale value "abc"';
    expectError(await get("/v1/kv/x?max_stale=abc"), { status: 400, text });
    expectError(await get("/v1/catalog/nodes?max_stale=abc"), { status: 400, text });
  });

  test("lets a read see every earlier write if it is default or consistent", async () => {
    const key = `/v1/kv/${keyFolder()}a`;
    for (let round = 0; round < 20; round += 1) {
      await put(key, `${round}`);
      expect((await get(`${key}?raw${round % 2 === 0 ? "&consistent" : ""}`)).text).toBe(`${round}`);
    }
  });
});

describe("the parameter ?dc", () => {
  test.each([...catalogReads, "/v1/kv/x", "/v1/kv/?keys"])(
    "is refused with an unknown datacenter: %s",
    async (path) => {
      const separator = path.includes("?") ? "&" : "?";
      for (const dc of ["nowhere", "DC1"]) {
        expectError(await get(`${path}${separator}dc=${dc}`), { status: 500, text: "No path to datacenter" });
      }
    },
  );

  test.each(["dc=dc1", "dc=", "dc"])("written as %s means this datacenter", async (query) => {
    const key = await writtenKey();
    expect((await get(`${key}?raw&${query}`)).text).toBe("x");
  });

  test.each(["/v1/catalog/nodes", "/v1/catalog/node/node1", "/v1/health/service/x"])(
    "with an unknown datacenter is reported before an invalid filter: %s",
    async (path) => {
      expectError(await get(`${path}?filter=x&dc=nowhere`), { status: 500, text: "No path to datacenter" });
    },
  );

  test("with an unknown datacenter is refused for writes of keys", async () => {
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

describe("a parameter", () => {
  test.each(["token=abc", "unknown=1", "cached", "near=_agent", "separator=/", "recurse2", "&", ";", "flags=abc"])(
    "without a meaning for the endpoint is ignored: ?%s",
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
  ])("sent as a header that has no meaning for the endpoint is ignored: %s", async (name, value) => {
    const key = await writtenKey();
    expect((await send("GET", `${key}?raw`, { headers: { [name]: value } })).text).toBe("x");
  });

  test("that is repeated has the value of its first occurrence", async () => {
    const key = await writtenKey();
    expect((await get(`${key}?index=&index=abc`)).status).toBe(200);
    expect((await get(`${key}?index=abc&index=1`)).status).toBe(400);
  });

  test("without a value counts as present", async () => {
    const folder = keyFolder();
    await put(`/v1/kv/${folder}a`, "x");
    expect((await get(`/v1/kv/${folder}?keys=`)).json).toEqual([`${folder}a`]);
    expect((await get(`/v1/kv/${folder}?recurse=&wait=1800000ms`)).status).toBe(200);
  });
});

describe("an invalid query option", () => {
  const reads = [
    ...["/v1/catalog/node/", "/v1/catalog/service/", "/v1/health/service/", "/v1/health/state/", "/v1/session/info/"],
    ...["/v1/status/leader", "/v1/operator/raft/configuration", "/v1/coordinate/nodes", "/v1/internal/ui/services"],
  ];

  test.each(reads)("is reported before any other error, in a fixed order: %s", async (path) => {
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

  test("is an error for a write of a key and the renewal of a session, too", async () => {
    expectError(await put("/v1/kv/x?index=abc", "x"), { status: 400, text: "Invalid index" });
    expectError(await put("/v1/session/renew/x?wait=abc"), { status: 400, text: "Invalid wait time" });
    expectError(await put("/v1/kv/?dc=nowhere", "x"), { status: 400, text: "Missing key name" });
  });

  test("such as an invalid filter at agent/services or agent/checks is an error without X-Consul-Index", async () => {
    for (const path of ["/v1/agent/services", "/v1/agent/checks"]) {
      const answer = await get(`${path}?filter=x`);
      expect([answer.status, answer.header("X-Consul-Index")]).toEqual([500, undefined]);
    }
  });
});

describe("the parameter ?ns", () => {
  const text = 'Bad request: Invalid query parameter: "ns" - Namespaces are a Consul Enterprise feature';

  test.each([
    ...["/v1/agent/services", "/v1/agent/service/x", "/v1/agent/checks", "/v1/agent/health/service/id/x"],
    ...["/v1/catalog/services", "/v1/catalog/service/x", "/v1/catalog/node/node1", "/v1/catalog/node-services/node1"],
    ...["/v1/health/service/x", "/v1/health/node/node1", "/v1/health/state/any", "/v1/kv/x", "/v1/session/list"],
    ...["/v1/internal/ui/nodes", "/v1/catalog/connect/x"],
  ])("is refused where Consul Enterprise has namespaces: %s", async (path) => {
    for (const ns of ["x", "default"]) expectError(await get(`${path}?ns=${ns}`), { status: 400, text });
    expect((await get(`${path}?ns=`)).text).not.toBe(text);
  });

  test.each(["/v1/agent/service/register", "/v1/agent/check/register", "/v1/catalog/register", "/v1/session/create"])(
    "is refused before the agent reads the body: %s",
    async (path) => {
      expectError(await put(`${path}?ns=x`, "{"), { status: 400, text });
    },
  );

  test.each(["/v1/catalog/nodes", "/v1/catalog/datacenters", "/v1/agent/members", "/v1/status/leader"])(
    "has no effect on other endpoints: %s",
    async (path) => {
      expect((await get(`${path}?ns=x`)).status).toBe(200);
    },
  );
});
