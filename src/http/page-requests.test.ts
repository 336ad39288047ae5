import { describe, expect, test } from "bun:test";
import { startTestApi, type TestApi } from "../../test/support/api.ts";
import { AccessControl } from "../registry/access-control.ts";
import { StoredTokens } from "../registry/token-source.ts";
import { TokenTries } from "../registry/token-tries.ts";
import { systemClock } from "../lib/clock.ts";
import { createLog } from "../lib/log.ts";
import { Metrics } from "../lib/metrics.ts";
import { OwnRequests } from "./own-requests.ts";
import { pageWriteRefused } from "./page-writes.ts";

const master = "6f1c2c1e-0000-4000-8000-00000000cafe";
const quiet = createLog({ level: "error", json: false, clock: systemClock, sink: () => {} }, "acl");
const pages: readonly [string, Record<string, string>][] = [
  ["over HTTP", { "Accept-Language": "de" }],
  ["of another origin", { Origin: "http://evil.example" }],
  ["on HTTPS", { "Sec-Fetch-Site": "same-origin" }],
];

/** Starts an API whose agent has the master token as the token of requests without one. */
async function startLending(): Promise<TestApi> {
  const api = await startTestApi({
    isDenying: true,
    replaceCallers: (_, { store, clock, agent }) =>
      new AccessControl(store, {
        source: new StoredTokens(store),
        ...{ defaultPolicy: "deny", guardsKeyLists: false, datacenter: "dc1", node: agent.node.name, clock },
        tokens: { default: master, agentMaster: "" },
        tries: new TokenTries({ clock, log: quiet, refused: new Metrics(0).counter("r") }),
      }),
  });
  await api.store.submit({ type: "acl-initialize", master: { accessorId: "a", secretId: master }, nowMs: 0 });
  return api;
}

describe("a page without a token", () => {
  test.each(pages)("is not lent the agent's default token: %s", async (_, headers) => {
    const api = await startLending();
    expect((await api.ask("/v1/kv/a", { method: "PUT", body: "x" })).status).toBe(200);
    expect((await api.ask("/v1/kv/a")).status).toBe(200);
    const read = await api.ask("/v1/kv/a", { headers });
    expect([read.status, await read.text()]).toEqual([403, "Permission denied"]);
    expect((await api.ask("/v1/kv/a", { method: "PUT", body: "y", headers })).status).toBe(403);
    expect((await api.ask("/v1/acl/token/self", { headers })).status).toBe(403);
    expect((await api.ask("/v1/kv/a", { headers: { ...headers, "X-Consul-Token": master } })).status).toBe(200);
  });

  test.each(pages)("gets no rights by an endpoint that asks others for it: %s", async (_, headers) => {
    const api = await startLending();
    const own = new OwnRequests(systemClock);
    own.attach(api.router, ["127.0.0.1:8500"]);
    const asked = async (sent: Record<string, string>): Promise<number> => {
      const raw = new Request("http://agent/v1/praetor/doctor", { headers: sent });
      const agent = own.of({ raw, target: "/v1/praetor/doctor", peerAddress: undefined });
      return (await agent.request({ path: "/v1/kv/a" })).status;
    };
    expect([await asked({}), await asked(headers)]).toEqual([404, 403]);
    expect(await asked({ ...headers, "X-Consul-Token": master })).toBe(404);
  });
});

describe("ui_config.read_only", () => {
  test.each(pages)("refuses each write of a page: %s", async (_, headers) => {
    const api = await startTestApi({ pagesOnlyRead: true });
    for (const method of ["PUT", "DELETE"]) {
      const answer = await api.ask("/v1/kv/a", { method, body: "x", headers });
      expect([answer.status, await answer.text()]).toEqual([403, pageWriteRefused]);
    }
    expect((await api.ask("/v1/kv/a", { headers })).status).toBe(404);
    expect((await api.ask("/v1/kv/a", { method: "PUT", body: "x" })).status).toBe(200);
  });

  test("lets every route that writes be reached by no page", async () => {
    const api = await startTestApi({ pagesOnlyRead: true });
    const reached: string[] = [];
    for (const { path, methods } of api.routes) {
      for (const method of Object.keys(methods).filter((each) => each !== "GET")) {
        const answer = await api.ask(path, { method, headers: { "Accept-Language": "de" } });
        if ((await answer.text()) !== pageWriteRefused) reached.push(`${method} ${path}`);
      }
    }
    expect(reached.toSorted()).toEqual([
      "POST /v1/acl/login",
      "POST /v1/acl/logout",
      "POST /v1/acl/rules/translate",
      "POST /v1/agent/connect/authorize",
      "POST /v1/internal/acl/authorize",
    ]);
  });
});
