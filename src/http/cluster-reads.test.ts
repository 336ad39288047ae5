import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { ClusterApi, type ClusterApiServer } from "../../test/support/cluster-api.ts";
import { promptly } from "../../test/support/promptly.ts";
import { settle } from "../../test/support/settle.ts";

let cluster: ClusterApi;
beforeEach(async () => {
  cluster = await ClusterApi.start();
});
afterEach(() => cluster.close());

async function put({ api }: ClusterApiServer, key: string, value: string): Promise<void> {
  const response = await api.ask(`/v1/kv/${key}`, { method: "PUT", body: value });
  expect(await response.text()).toBe("true");
}

const valueAt = async ({ api }: ClusterApiServer, target: string): Promise<string> => (await api.ask(target)).text();

/** Returns the headers about the leader and the consistency: index, whether there is a leader, last contact, consistency. */
function contactOf({ headers }: Response): readonly (string | null)[] {
  const names = ["Knownleader", "Lastcontact", "Effective-Consistency"];
  return names.map((name) => headers.get(`X-Consul-${name}`));
}

/** Registers a node through a server, so that the catalog has one. */
async function registerNode({ api }: ClusterApiServer, node: string): Promise<void> {
  const body = JSON.stringify({ Node: node, Address: "192.0.2.1" });
  expect((await api.ask("/v1/catalog/register", { method: "PUT", body })).status).toBe(200);
}

describe("a write through any server", () => {
  test("is seen by the next read of every server, default and consistent, first and repeated", async () => {
    for (const [n, writer] of cluster.servers.entries()) {
      await put(writer, "a", `v${n}`);
      for (const reader of cluster.servers)
        for (const target of ["/v1/kv/a?raw", "/v1/kv/a?raw", "/v1/kv/a?raw&consistent"])
          expect(await promptly(valueAt(reader, target))).toBe(`v${n}`);
    }
  });

  test("is seen by a follower's kept answer, however late the log reaches the follower", async () => {
    const { follower, leader, stores } = cluster;
    await put(leader, "a", "old");
    for (let again = 0; again < 2; again += 1) expect(await valueAt(follower, "/v1/kv/a?raw")).toBe("old");
    stores.hold(follower.name);
    await put(leader, "a", "new");
    let late: string | undefined;
    const reading = valueAt(follower, "/v1/kv/a?raw").then((value) => (late = value));
    await settle();
    expect(late).toBeUndefined();
    expect(await valueAt(follower, "/v1/kv/a?raw&stale")).toBe("old");
    stores.release(follower.name);
    expect(await promptly(reading)).toBe("new");
  });

  test.each([
    ["/v1/catalog/nodes", '"Node":"new"'],
    ["/v1/health/state/any", ""],
    ["/v1/internal/ui/nodes", '"Node":"new"'],
    ["/v1/session/list", ""],
    ["/v1/query", ""],
    ["/v1/query/x/execute", "Query not found"],
    ["/v1/snapshot", ""],
    ["/v1/praetor/ports", ""],
    ["/v1/catalog/service/web?near=_agent", ""],
    ["/v1/coordinate/nodes", ""],
  ])("is waited for by %s", async (target, expected) => {
    const { follower, leader, stores } = cluster;
    stores.hold(follower.name);
    await registerNode(leader, "new");
    let isAnswered = false;
    const asked = follower.api.ask(target).then((response) => {
      isAnswered = true;
      return response;
    });
    await settle();
    // The leader answers what depends on the nodes' coordinates.
    const isPassedOn = /near|coordinate|execute/.test(target);
    expect(isAnswered).toBe(isPassedOn);
    stores.release(follower.name);
    expect(Buffer.from(await (await promptly(asked)).arrayBuffer()).toString("latin1")).toContain(expected);
  });

  test("is waited for by a transaction that only reads, unless it is stale", async () => {
    const { follower, leader, stores } = cluster;
    await put(leader, "a", "1");
    await follower.store.freshen("leader");
    stores.hold(follower.name);
    await put(leader, "a", "2");
    const body = JSON.stringify([{ KV: { Verb: "get", Key: "a" } }]);
    const stale = await promptly(follower.api.ask("/v1/txn?stale", { method: "PUT", body }));
    expect(await stale.text()).toContain(`"Value":"${btoa("1")}"`);
    const fresh = follower.api.ask("/v1/txn", { method: "PUT", body });
    stores.release(follower.name);
    expect(await (await promptly(fresh)).text()).toContain(`"Value":"${btoa("2")}"`);
  });
});

describe("the headers about the leader", () => {
  const asked = async ({ api }: ClusterApiServer, target: string): Promise<readonly (string | null)[]> =>
    contactOf(await api.ask(target));

  test("say on a follower how long it is without the leader if the read is stale", async () => {
    const { follower, leader } = cluster;
    await put(leader, "a", "1");
    await follower.store.freshen("leader");
    for (const silentMs of [26, 7_000]) {
      follower.view.silentMs = silentMs;
      // Once rendered and once as the kept answer.
      for (let again = 0; again < 2; again += 1) {
        expect(await asked(follower, "/v1/kv/a?stale")).toEqual(["true", String(silentMs), null]);
        expect(await asked(follower, "/v1/kv/a")).toEqual(["true", "0", null]);
        expect(await asked(follower, "/v1/kv/a?consistent")).toEqual(["true", "0", null]);
        expect(await asked(leader, "/v1/kv/a?stale")).toEqual(["true", "0", null]);
        expect(await asked(follower, "/v1/kv/nosuch?stale")).toEqual(["true", String(silentMs), null]);
      }
    }
  });

  test("and max_stale: a read of the catalog asks the leader after that time, other reads ignore it", async () => {
    const { follower, leader } = cluster;
    await put(leader, "a", "1");
    follower.view.silentMs = 5_000;
    for (let again = 0; again < 2; again += 1) {
      for (const path of ["catalog/nodes", "catalog/services", "health/state/any", "health/service/web"]) {
        expect(await asked(follower, `/v1/${path}?max_stale=1s`)).toEqual(["true", "0", "leader"]);
        expect(await asked(follower, `/v1/${path}?max_stale=10s`)).toEqual(["true", "5000", "stale"]);
        expect(await asked(follower, `/v1/${path}?stale`)).toEqual(["true", "5000", "stale"]);
        expect(await asked(leader, `/v1/${path}?max_stale=1ms`)).toEqual(["true", "0", "stale"]);
      }
      expect(await asked(follower, "/v1/kv/a?max_stale=1s")).toEqual(["true", "5000", null]);
    }
  });

  test("of a cached read name the contact of this server, and the consistency that the client asked for", async () => {
    const { follower } = cluster;
    follower.view.silentMs = 5_000;
    expect(await asked(follower, "/v1/catalog/services?cached")).toEqual(["true", "0", "leader"]);
    const hit = await follower.api.ask("/v1/catalog/services?cached");
    expect([...contactOf(hit), hit.headers.get("X-Cache")]).toEqual(["true", "5000", "leader", "HIT"]);
  });
});

describe("a question to the leader", () => {
  test("is not asked by a stale read, nor by the leader itself", async () => {
    const { follower, leader, stores } = cluster;
    await put(leader, "a", "1");
    await follower.store.freshen("leader");
    const before = stores.questions;
    for (let again = 0; again < 10; again += 1) {
      await follower.api.ask("/v1/kv/a?stale");
      await leader.api.ask("/v1/kv/a");
    }
    expect(stores.questions).toBe(before);
    await follower.api.ask("/v1/kv/a");
    expect(stores.questions).toBe(before + 1);
  });
});
