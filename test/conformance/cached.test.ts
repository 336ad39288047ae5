import { describe, expect, test } from "bun:test";
import { expectError, get, registerNode, registerService, send, sharedTarget, unique } from "../support/conformance.ts";
import { promptly } from "../support/promptly.ts";
import type { Answer } from "../support/exchange.ts";
import { createPreparedQuery } from "../support/prepared-query.ts";
import { within } from "../support/within.ts";

await sharedTarget();

function cacheOf(answer: Answer): (string | undefined)[] {
  return [answer.header("X-Cache"), answer.header("Age")];
}

const missed = ["MISS", undefined];
const hit = ["HIT", "0"];
/** The cache headers of an answer that the agent refreshes only on request; the age is any number of seconds. */
const aging = ["HIT", expect.stringMatching(/^\d+$/)];

function ask(path: string, control?: string): Promise<Answer> {
  return send("GET", path, control === undefined ? {} : { headers: { "Cache-Control": control } });
}

/** Endpoints whose cached answers the agent keeps up to date; each path has a name that no other test uses. */
const followed: readonly (readonly [kind: string, path: () => string])[] = [
  ["catalog/services", () => `/v1/catalog/services?cached&node-meta=${unique("key")}:x`],
  ["catalog/service", () => `/v1/catalog/service/${unique("asked")}?cached`],
  ["catalog/connect", () => `/v1/catalog/connect/${unique("asked")}?cached`],
  ["health/service", () => `/v1/health/service/${unique("asked")}?cached`],
  ["health/connect", () => `/v1/health/connect/${unique("asked")}?cached`],
  ["health/ingress", () => `/v1/health/ingress/${unique("asked")}?cached`],
];

describe.each(followed)("a read of %s?cached", (_, path) => {
  test("is a cache miss at first and a hit afterwards", async () => {
    const asked = path();
    expect(cacheOf(await ask(asked))).toEqual(missed);
    expect(cacheOf(await ask(asked))).toEqual(hit);
    expect((await ask(asked)).header("X-Consul-Effective-Consistency")).toBe("leader");
    expect((await ask(asked.replace("cached", "cached&stale"))).header("X-Consul-Effective-Consistency")).toBe("stale");
  });

  test("is a hit on an up-to-date answer whatever Cache-Control requires", async () => {
    const asked = path();
    expect(cacheOf(await ask(asked))).toEqual(missed);
    for (const control of ["max-age=0", "must-revalidate", "max-age=1, stale-if-error=5", "no-cache"]) {
      expect(cacheOf(await ask(asked, control))).toEqual(hit);
    }
  });

  test("does not affect a later read without ?cached, which the agent answers without its cache", async () => {
    const asked = path();
    await ask(asked);
    expect(cacheOf(await ask(asked.replace("cached", "")))).toEqual([undefined, undefined]);
  });

  test("with the index of its answer is held and then a cache miss, and with a lower index is a hit", async () => {
    const asked = path();
    const { index } = await ask(asked);
    expect(cacheOf(await ask(`${asked}&index=${index}&wait=10ms`))).toEqual(missed);
    expect(cacheOf(await ask(`${asked}&index=${index - 1}&wait=10ms`))).toEqual(hit);
  });

  test("fails for an unknown datacenter each time it is sent", async () => {
    const asked = `${path()}&dc=nowhere`;
    for (const answer of [await ask(asked), await ask(asked)]) {
      expectError(answer, { status: 500, text: "No path to datacenter" });
      expect(cacheOf(answer)).toEqual([undefined, undefined]);
    }
  });
});

describe("a cached list of instances", () => {
  test("is updated when an instance is registered after the first request", async () => {
    const Name = unique("asked");
    expect((await ask(`/v1/health/service/${Name}?cached`)).json).toEqual([]);
    await registerService({ Name });
    await within(5_000, async () => {
      const answer = await ask(`/v1/health/service/${Name}?cached`);
      expect([...cacheOf(answer), answer.text.includes(Name)]).toEqual([...hit, true]);
    });
  });

  test("wakes blocking queries with ?cached when it changes", async () => {
    const Name = unique("asked");
    const { index } = await ask(`/v1/catalog/service/${Name}?cached`);
    const waiting = ask(`/v1/catalog/service/${Name}?cached&index=${index}&wait=10m`);
    await registerNode({ Node: unique("node"), Service: { Service: Name } });
    const answer = await promptly(waiting);
    expect([answer.header("X-Cache"), answer.index > index, answer.text.includes(Name)]).toEqual(["MISS", true, true]);
  });

  test("is cached once for the same tags or node meta in any order, and separately for other tags and each filter", async () => {
    const path = `/v1/health/service/${unique("asked")}?cached`;
    const cases: readonly (readonly [string, readonly (string | undefined)[]])[] = [
      ["&tag=a&tag=b", missed],
      ["&tag=b&tag=a", hit],
      ["&tag=a", missed],
      ["&node-meta=a:1&node-meta=b:2", missed],
      ["&node-meta=b:2&node-meta=a:1", hit],
      ["&filter=Service.ID==x", missed],
      ["&filter=Service.ID==y", missed],
    ];
    for (const [more, expected] of cases) expect(cacheOf(await ask(path + more))).toEqual([...expected]);
  });

  test("is cached once for requests with and without ?pretty, ?passing, ?near and ?stale", async () => {
    const path = `/v1/health/service/${unique("asked")}?cached`;
    expect(cacheOf(await ask(path))).toEqual(missed);
    for (const more of ["&pretty", "&passing", "&near=_agent", "&stale", "&dc=dc1", "&unknown=1", "&max_stale=5s"]) {
      expect(cacheOf(await ask(path + more))).toEqual(hit);
    }
  });
});

describe("a read of catalog/datacenters?cached", () => {
  const path = "/v1/catalog/datacenters?cached";

  test("is refreshed when Cache-Control requires it", async () => {
    expect(cacheOf(await ask(path, "must-revalidate"))).toEqual(missed);
    expect(cacheOf(await ask(path, "max-age=0"))).toEqual(missed);
    expect(cacheOf(await ask(path))).toEqual(aging);
    expect(cacheOf(await ask(path, "max-age=3600"))).toEqual(aging);
    expect(cacheOf(await ask(`${path}&dc=nowhere&index=7&filter=x`))).toEqual(aging);
    expect((await ask(path)).text).toBe('["dc1"]');
  });

  test("has its age in seconds in the header Age, and is refreshed when it is older than max-age", async () => {
    expect(cacheOf(await ask(path, "max-age=0"))).toEqual(missed);
    await within(5_000, async () => expect(Number((await ask(path)).header("Age"))).toBeGreaterThanOrEqual(2));
    expect(cacheOf(await ask(path, "max-age=3600"))).toEqual(aging);
    expect(cacheOf(await ask(path, "max-age=1"))).toEqual(missed);
  });
});

describe("a read of query/<name>/execute?cached", () => {
  async function pathOfQuery(): Promise<string> {
    const Name = unique("asked");
    await createPreparedQuery({ Name, Service: { Service: "consul" } });
    return `/v1/query/${Name}/execute?cached`;
  }

  test("is a miss at first, then a hit, and is refreshed when Cache-Control requires it", async () => {
    const path = await pathOfQuery();
    expect(cacheOf(await ask(path))).toEqual(missed);
    expect(cacheOf(await ask(path))).toEqual(aging);
    expect(cacheOf(await ask(path, "must-revalidate"))).toEqual(missed);
    expect(cacheOf(await ask(path, "max-age=3600"))).toEqual(aging);
    await within(5_000, async () => expect((await ask(path)).header("Age")).not.toBe("0"));
    expect(cacheOf(await ask(path, "max-age=0"))).toEqual(missed);
  });

  test("is cached separately with limit and with connect, and once for all other parameters", async () => {
    const path = await pathOfQuery();
    expect(cacheOf(await ask(path))).toEqual(missed);
    for (const more of ["&near=_agent", "&stale", "&pretty", "&index=7&wait=1s", "&filter=x", "&tag=a"])
      expect(cacheOf(await ask(path + more))[0]).toBe("HIT");
    for (const more of ["&limit=1", "&connect=true"]) expect(cacheOf(await ask(path + more))).toEqual(missed);
  });

  test("fails each time when the prepared query does not exist", async () => {
    for (let round = 0; round < 2; round += 1) {
      const answer = await ask("/v1/query/nosuch/execute?cached");
      expectError(answer, { status: 500, text: "Query not found" });
      expect([...cacheOf(answer), answer.header("X-Consul-Knownleader")]).toEqual([undefined, undefined, "false"]);
    }
  });

  test("is cached, while query/<name>/explain?cached is not", async () => {
    const path = (await pathOfQuery()).replace("execute", "explain");
    for (let round = 0; round < 2; round += 1) expect(cacheOf(await ask(path))).toEqual([undefined, undefined]);
  });
});

describe("the request header Cache-Control", () => {
  test.each(["max-age=abc", "max-age=", "Max-Age= 5", "stale-if-error=abc", "must-revalidate, max-age=1.5"])(
    "%s is refused in requests with ?cached",
    async (control) => {
      for (const path of ["/v1/catalog/services", "/v1/health/service/x", "/v1/kv/x", "/v1/session/list"]) {
        expectError(await ask(`${path}?cached`, control), { status: 400, text: "Invalid Cache-Control header." });
      }
    },
  );

  test.each(["max-age=-5", "MAX-AGE=+5", "no-store", "MUST-revalidate ,max-age=7", "", "max-age"])(
    "%s is accepted in requests with ?cached",
    async (control) => {
      expect((await ask("/v1/catalog/services?cached", control)).status).toBe(200);
    },
  );
});

test.each([
  ...["/v1/catalog/nodes", "/v1/catalog/node/node1", "/v1/catalog/node-services/node1", "/v1/health/node/node1"],
  ...["/v1/health/checks/consul", "/v1/health/state/any", "/v1/session/list", "/v1/kv/?keys", "/v1/agent/services"],
])("a read of %s ignores ?cached", async (path) => {
  for (let round = 0; round < 2; round += 1) {
    const answer = await get(`${path}${path.includes("?") ? "&" : "?"}cached`);
    expect([answer.status, ...cacheOf(answer)]).toEqual([200, undefined, undefined]);
  }
});
