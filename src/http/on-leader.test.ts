import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { ClusterApi, type ClusterApiServer } from "../../test/support/cluster-api.ts";

let cluster: ClusterApi;
beforeEach(async () => {
  cluster = await ClusterApi.start();
});
afterEach(() => cluster.close());

async function ask({ api }: ClusterApiServer, request: string, body?: string | ArrayBuffer): Promise<Response> {
  const [method = "", target = ""] = request.split(" ");
  return api.ask(target, { method, ...(body !== undefined && { body }) });
}

describe("a request to a server that does not lead", () => {
  test("renews a session's timer, which the leader has", async () => {
    const { leader, follower } = cluster;
    await ask(leader, "PUT /v1/catalog/register", '{"Node":"x","Address":"192.0.2.1"}');
    const created = await ask(follower, "PUT /v1/session/create", '{"Node":"x","Checks":[],"TTL":"10s"}');
    const { ID: id } = (await created.json()) as { readonly ID: string };
    const { clock } = leader.api;
    // A session ends after twice its TTL.
    for (let n = 0; n < 5; n += 1) {
      await clock.advance(15_000);
      const renewed = await ask(follower, `PUT /v1/session/renew/${id}`);
      expect([renewed.status, await renewed.json()]).toMatchObject([200, [{ ID: id }]]);
    }
    await clock.advance(21_000);
    expect((await ask(follower, `PUT /v1/session/renew/${id}`)).status).toBe(404);
  });

  test("restores a snapshot on all servers", async () => {
    const { leader, follower, servers } = cluster;
    await ask(leader, "PUT /v1/kv/a", "1");
    const archive = await (await ask(follower, "GET /v1/snapshot")).arrayBuffer();
    await ask(leader, "PUT /v1/kv/a", "2");
    await ask(leader, "PUT /v1/kv/b", "2");
    expect((await ask(follower, "PUT /v1/snapshot", archive)).status).toBe(200);
    for (const server of servers) {
      expect(await (await ask(server, "GET /v1/kv/a?raw")).text()).toBe("1");
      expect((await ask(server, "GET /v1/kv/b")).status).toBe(404);
    }
  });

  test("finds the coordinates that were sent to another server", async () => {
    const { leader, servers } = cluster;
    const [, second, third] = servers;
    if (!second || !third) throw new Error("three servers are there");
    await ask(leader, "PUT /v1/catalog/register", '{"Node":"x","Address":"192.0.2.1"}');
    const coordinate = { Vec: [1, 0, 0, 0, 0, 0, 0, 0], Error: 1.5, Height: 1e-5, Adjustment: 0 };
    const sent = await ask(second, "PUT /v1/coordinate/update", JSON.stringify({ Node: "x", Coord: coordinate }));
    expect(sent.status).toBe(200);
    await leader.api.clock.advance(5_000);
    expect(await (await ask(third, "GET /v1/coordinate/node/x")).json()).toMatchObject([{ Coord: coordinate }]);
    // Another agent is named as "_agent" than the one that answers.
    expect((await ask(third, "GET /v1/catalog/nodes?near=_agent")).status).toBe(200);
  });

  test("changes and reads the settings of autopilot", async () => {
    const { leader, follower } = cluster;
    const body = '{"CleanupDeadServers":false,"LastContactThreshold":"1s"}';
    expect(await (await ask(follower, "PUT /v1/operator/autopilot/configuration", body)).text()).toBe("true");
    for (const server of [leader, follower])
      expect(await (await ask(server, "GET /v1/operator/autopilot/configuration")).json()).toMatchObject({
        CleanupDeadServers: false,
        LastContactThreshold: "1s",
      });
  });
});

describe("the views of the cluster", () => {
  test("are the same on each server", async () => {
    for (const server of cluster.servers) {
      expect(await (await ask(server, "GET /v1/status/leader")).text()).toBe('"s1:8300"');
      expect(await (await ask(server, "GET /v1/status/peers")).text()).toBe('["s1:8300","s2:8300","s3:8300"]');
      const { Servers: peers } = (await (await ask(server, "GET /v1/operator/raft/configuration")).json()) as {
        readonly Servers: readonly object[];
      };
      expect(peers).toMatchObject([{ Node: "s1", Leader: true }, { Node: "s2", Leader: false }, { Node: "s3" }]);
    }
  });

  test("show the health of the servers as the leader judges it, with status 429 while one is unhealthy", async () => {
    const { leader, follower } = cluster;
    for (const isHealthy of [true, false]) {
      leader.view.isHealthy = isHealthy;
      const response = await ask(follower, "GET /v1/operator/autopilot/health");
      expect([response.status, await response.json()]).toEqual([
        isHealthy ? 200 : 429,
        {
          Healthy: isHealthy,
          FailureTolerance: 1,
          Servers: ["s1", "s2", "s3"].map((name) => ({
            ...{ ID: `id-${name}`, Name: name, Address: `${name}:8300`, SerfStatus: "alive", Version: "1.8.7" },
            ...{ Leader: name === "s1", LastContact: name === "s1" ? "0s" : "12.5ms", LastTerm: 1 },
            LastIndex: leader.store.state.index,
            ...{ Healthy: isHealthy, Voter: true, StableSince: "1970-01-01T00:00:00Z" },
          })),
        },
      ]);
    }
  });

  test("show the clocks and the versions of the servers to a client that asks for details", async () => {
    const response = await ask(cluster.follower, "GET /v1/operator/autopilot/health?detailed");
    const { Servers: servers } = (await response.json()) as { readonly Servers: readonly object[] };
    expect(servers).toMatchObject([
      { Name: "s1", ClockAheadMs: 0, Versions: { Praetor: "0.1.0", Etcd: "3.4.23" } },
      { Name: "s2", ClockAheadMs: 1_500 },
      { Name: "s3", ClockAheadMs: 1_500 },
    ]);
  });

  test("are judged by the leader before its metrics show them, and not for another server's metrics", async () => {
    for (const { api, view } of cluster.servers) {
      expect((await api.ask("/v1/agent/metrics")).status).toBe(200);
      expect(view.judged).toBe(view.leads ? 1 : 0);
    }
  });

  test("remove a server by its id or address, at the leader", async () => {
    const { leader, follower } = cluster;
    for (const peer of ["id=id-s2", "address=s3:8300"])
      expect((await ask(follower, `DELETE /v1/operator/raft/peer?${peer}`)).status).toBe(200);
    expect(leader.view.removed).toEqual(["s2", "s3"]);
  });
});
