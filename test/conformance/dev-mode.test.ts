import { afterAll, describe, expect, test } from "bun:test";
import { type Answer, exchange } from "../support/exchange.ts";
import { startTarget } from "../support/target.ts";

const target = await startTarget("-dev", "-bootstrap=false");
afterAll(() => target.stop());

const send = (method: string, path: string, body?: unknown): Promise<Answer> =>
  exchange(target.url, method, { path, body });
const get = (path: string): Promise<Answer> => send("GET", path);

describe("an agent with -dev", () => {
  test.each([
    ...["status/leader", "status/peers", "catalog/nodes", "catalog/services", "catalog/node/node1", "kv/?keys"],
    ...["agent/self", "agent/members", "agent/services", "agent/checks", "agent/health/service/name/nosuch"],
    ...["health/service/consul", "session/list", "event/list", "query", "internal/ui/nodes", "config/service-defaults"],
  ])("indents the JSON of %s, whatever the value of ?pretty", async (path) => {
    const first = await get(`/v1/${path}`);
    expect(first.text).toBe(`${JSON.stringify(JSON.parse(first.text), null, 4)}\n`);
    if (path === "agent/self") return;
    for (let time = 0; time < 2; time += 1) expect((await get(`/v1/${path}`)).text).toBe(first.text);
    expect((await get(`/v1/${path}${path.includes("?") ? "&" : "?"}pretty=false`)).text).toBe(first.text);
  });

  test("indents the answers of writes, and returns raw values unchanged", async () => {
    expect((await send("PUT", "/v1/kv/a", '{"b":1}')).text).toBe("true\n");
    expect((await get("/v1/kv/a?raw")).text).toBe('{"b":1}');
    expect((await get("/v1/kv/a")).text).toStartWith('[\n    {\n        "LockIndex": 0,\n        "Key": "a",\n');
    const read = await send("PUT", "/v1/txn", [{ KV: { Verb: "get", Key: "nosuch" } }]);
    expect([read.status, read.text.slice(0, 30)]).toEqual([409, '{\n    "Results": null,\n    "Er']);
    expect((await send("PUT", "/v1/session/create")).text).toMatch(/^\{\n {4}"ID": "[0-9a-f-]{36}"\n\}\n$/);
  });

  test("has no bootstrap tag if it is a server without -bootstrap", async () => {
    const { Member, Stats } = (await get("/v1/agent/self")).json as {
      Member: { Tags: Record<string, string> };
      Stats: { consul: Record<string, string> };
    };
    expect(Object.keys(Member.Tags)).toEqual([
      ...["acls", "build", "dc", "ft_fs", "id", "port", "raft_vsn", "role", "segment", "vsn", "vsn_max", "vsn_min"],
      "wan_join_port",
    ]);
    expect(Stats.consul["bootstrap"]).toBe("false");
  });
});
