import { describe, expect, test } from "bun:test";
import { serviceWith, ttlCheck } from "../../test/support/agent.ts";
import { startTestApi, type TestApi } from "../../test/support/api.ts";
import { settle } from "../../test/support/settle.ts";
import { keySet, nodeNamed } from "../../test/support/state.ts";

function indexOf(response: Response): number {
  return Number(response.headers.get("X-Consul-Index"));
}

/** Starts a blocking query. The `response` of the returned object is undefined until the query is answered. */
function hold(api: TestApi, path: string, init?: RequestInit): { response: Response | undefined } {
  const held: { response: Response | undefined } = { response: undefined };
  void api.ask(path, init).then((response) => (held.response = response));
  return held;
}

describe("a read", () => {
  test("returns the newest write and its index, also after an equal read", async () => {
    const api = await startTestApi();
    for (const value of ["1", "2"]) {
      await api.store.submit(keySet("a", value));
      for (let again = 0; again < 2; again += 1) {
        const response = await api.ask("/v1/kv/a?raw");
        expect([await response.text(), indexOf(response)]).toEqual([value, api.store.state.index]);
      }
    }
  });

  test("of a key is answered before the large answers that were requested before it", async () => {
    const api = await startTestApi();
    await api.store.submit(keySet("small", "1"));
    for (const n of [1, 2, 3, 4]) await api.store.submit(keySet(`much/${n}`, "x".repeat(500_000)));
    const answered: string[] = [];
    const ask = async (path: string): Promise<void> => {
      const response = await api.ask(`/v1/kv/${path}`);
      answered.push(path);
      await response.bytes();
    };
    const large = ["much?recurse", "much?recurse&again", "much/1", "much/1?raw"];
    await Promise.all([...large, "small"].map(ask));
    // A folder is rendered over several turns of the event loop, a value in one that no other large value has.
    expect(answered).toEqual(["small", "much/1", "much/1?raw", "much?recurse", "much?recurse&again"]);
  });

  test("returns a check's newest output, even an output that is not yet in the catalog", async () => {
    const api = await startTestApi();
    await api.agent.registerService(serviceWith("web", ["up"]), { source: "api" });
    await api.agent.registerCheck(ttlCheck("disk"), "api");
    const paths = [
      "health/service/web",
      "health/checks/web",
      "health/node/n1",
      "health/state/any",
      "health/state/critical",
    ];
    for (const output of ["one", "two"]) {
      for (const id of ["up", "disk"]) {
        await api.agent.updateTtl(id, "critical", `${id} ${output}`);
        for (const path of paths) {
          const shows = path !== "health/checks/web" || id === "up";
          if (shows) expect(await (await api.ask(`/v1/${path}`)).text()).toContain(`"Output":"${id} ${output}"`);
        }
      }
    }
  });

  test("of checks filtered by node-meta follows each change of the nodes' metadata", async () => {
    const api = await startTestApi();
    const register = (rack: string): Promise<unknown> =>
      api.ask("/v1/catalog/register", {
        method: "PUT",
        body: JSON.stringify({ Node: "x", Address: "192.0.2.1", NodeMeta: { rack }, Check: { Name: "disk" } }),
      });
    await register("1");
    const path = "/v1/health/state/any?node-meta=rack:1";
    expect(await (await api.ask(path)).json()).toHaveLength(1);
    await register("2");
    expect(await (await api.ask(path)).json()).toEqual([]);
  });

  test("of a node by the node's id returns each new service of the node", async () => {
    const api = await startTestApi();
    const id = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11";
    await api.store.submit(keySet("a", "1"));
    const held = hold(api, `/v1/catalog/node/${id}?index=1`);
    const register = (service: string | undefined): Promise<unknown> =>
      api.ask("/v1/catalog/register", {
        method: "PUT",
        body: JSON.stringify({ ID: id, Node: "x", Address: "192.0.2.1", Service: service && { Service: service } }),
      });
    await register(undefined);
    await settle();
    expect(await held.response?.text()).toContain('"Node":"x"');
    await register("web");
    expect(await (await api.ask(`/v1/catalog/node/${id}`)).text()).toContain('"Service":"web"');
    expect(await (await api.ask(`/v1/catalog/node/${id}?index=0`)).text()).toContain('"Service":"web"');
  });
});

describe("a blocking query", () => {
  const ways = ["?index=INDEX", "?wait=1m&index=INDEX", "?stale;index=INDEX", "?%69ndex=INDEX", "?x=1&index=INDEX&raw"];

  test.each(ways)("waits even if equal reads were answered before: %s", async (way) => {
    const api = await startTestApi();
    await api.store.submit(keySet("a", "1"));
    const path = `/v1/kv/a${way.replace("INDEX", "1")}`;
    for (let again = 0; again < 3; again += 1) {
      const held = hold(api, path);
      await settle();
      expect(held.response).toBeUndefined();
      await api.clock.advance(400_000);
      expect(held.response && indexOf(held.response)).toBe(1);
    }
    const held = hold(api, path);
    await api.store.submit(keySet("a", "2"));
    await settle();
    expect(held.response && indexOf(held.response)).toBe(2);
  });

  test("whose wait is over returns the current value and its index", async () => {
    const api = await startTestApi();
    await api.store.submit(keySet("a", "1"));
    await api.store.submit(keySet("b", "1"));
    const held = hold(api, "/v1/kv/a?raw&index=2&wait=1s");
    await api.clock.advance(1_100);
    expect(held.response && [await held.response.text(), indexOf(held.response)]).toEqual(["1", 1]);
  });

  test("leaves no watch or timer when its client disconnects", async () => {
    const api = await startTestApi();
    await api.store.submit(keySet("a", "1"));
    const client = new AbortController();
    hold(api, "/v1/kv/a?index=1", { signal: client.signal });
    await settle();
    expect(api.store.watches.size).toBe(1);
    client.abort();
    await settle();
    expect([api.store.watches.size, api.clock.timerCount]).toEqual([0, 0]);
  });

  test("returns the value that belongs to the index in its headers", async () => {
    const api = await startTestApi();
    await api.store.submit(keySet("a", "1"));
    const held = ["?raw&index=1", "?raw&index=1&x"].map((query) => hold(api, `/v1/kv/a${query}`));
    await Promise.all(["2", "3", "4"].map((value) => api.store.submit(keySet("a", value))));
    await settle();
    for (const { response } of held) {
      expect(response && [await response.text(), indexOf(response)]).toEqual(["4", 4]);
    }
  });
});

test("the index of a list never decreases, whatever is added or removed", async () => {
  const api = await startTestApi();
  const paths = [
    ...["catalog/nodes", "catalog/services", "catalog/service/web", "catalog/node/x", "catalog/node-services/x"],
    ...["health/service/web", "health/service/web?passing", "health/checks/web", "health/node/x", "health/state/any"],
    ...[
      "health/state/passing",
      "health/state/critical",
      "kv/a",
      "kv/?recurse",
      "kv/?keys",
      "catalog/services?node-meta=a:b",
    ],
  ];
  const newest = new Map<string, number>();
  const look = async (): Promise<void> => {
    for (const path of paths) {
      const index = indexOf(await api.ask(`/v1/${path}`));
      expect([path, index]).toEqual([path, Math.max(index, newest.get(path) ?? 1)]);
      newest.set(path, index);
    }
  };
  const node = nodeNamed("x");
  const service = serviceWith("web", []).service;
  const check = { node: "x", id: "up", name: "up", notes: "", output: "", serviceId: "web", serviceName: "" };
  const checks = (["passing", "critical"] as const).map((status) => {
    return { ...check, status, serviceTags: [], type: "", definition: {} };
  });
  for (const each of [...checks, undefined]) {
    const register = { type: "register", node, skipNodeUpdate: false, service, checks: each ? [each] : [] } as const;
    for (const command of [
      register,
      keySet("a", "1"),
      { type: "deregister", node: "x", checkId: "up" },
      register,
      { type: "deregister", node: "x", serviceId: "web" },
      { type: "kv-delete-tree", prefix: "" },
      register,
      { type: "deregister", node: "x" },
    ] as const) {
      await api.store.submit(command);
      await look();
    }
  }
});
