import { describe, expect, onTestFinished, test } from "bun:test";
import { exchange } from "../../support/exchange.ts";
import {
  expectSuccess,
  keyRoot,
  register,
  registrationBody,
  sharedKeeper,
  shownRegistration,
} from "../../support/keeper.ts";
import { promptly } from "../../support/promptly.ts";
import { within } from "../../support/within.ts";

const keeper = await sharedKeeper();
const { ask, consul } = keeper;

async function registerWithConsul(definition: {
  readonly Name: string;
  readonly [field: string]: unknown;
}): Promise<void> {
  onTestFinished(async () => void (await consul(`PUT /agent/service/deregister/${definition.Name}`)));
  expect((await consul("PUT /agent/service/register", definition)).status).toBe(200);
}

describe("a key that a client writes over core-keeper's API", () => {
  test("is an ordinary key in Consul's API: it keeps its flags, and its ModifyIndex is valid for cas", async () => {
    const root = keyRoot(keeper, "ordinary");
    await consul(`PUT /kv/${root}/a?flags=7`, "old");
    await ask(`PUT /kvs/key/${root}?flatten=true`, { value: { a: "new", b: 1 } });
    const entries = (await consul(`GET /kv/${root}/?recurse`)).json;
    expect(entries).toMatchObject([
      { Key: `${root}/a`, Flags: 7, Value: btoa("new") },
      { Key: `${root}/b`, Flags: 0, Value: btoa("1") },
    ]);
    const [{ ModifyIndex }] = entries as [{ ModifyIndex: number }];
    expect((await consul(`PUT /kv/${root}/a?cas=${ModifyIndex - 1}`, "lost")).text).toBe("false");
    expect((await consul(`PUT /kv/${root}/a?cas=${ModifyIndex}`, "won")).text).toBe("true");
    expect((await ask(`GET /kvs/key/${root}/a?plaintext=true`)).json).toMatchObject({ response: [{ value: "won" }] });
  });

  test("wakes blocking queries of Consul's API for its folder when it is written and when it is deleted", async () => {
    const root = keyRoot(keeper, "watched");
    await ask(`PUT /kvs/key/${root}/a`, { value: 1 });
    const wait = async (index: number): Promise<number> =>
      (await consul(`GET /kv/${root}/?recurse&index=${index}&wait=10m`)).index;
    const { index } = await consul(`GET /kv/${root}/?recurse`);
    const woken = wait(index);
    await ask(`PUT /kvs/key/${root}/b`, { value: 2 });
    const next = await promptly(woken);
    expect(next).toBeGreaterThan(index);
    const wokenAgain = wait(next);
    await ask(`DELETE /kvs/key/${root}?prefixMatch=true`);
    expect(await promptly(wokenAgain)).toBeGreaterThan(next);
  });

  test("keeps its index in Consul's API if its value stays the same", async () => {
    const root = keyRoot(keeper, "same");
    await ask(`PUT /kvs/key/${root}?flatten=true`, { value: { a: 1 } });
    const { index } = await consul(`GET /kv/${root}/?recurse`);
    expectSuccess(await ask(`PUT /kvs/key/${root}?flatten=true`, { value: { a: 1 } }), { response: [`${root}/a`] });
    expect((await consul(`GET /kv/${root}/?recurse`)).index).toBe(index);
  });
});

describe("a service registered over core-keeper's API", () => {
  test("is, in Consul's API, a service of the agent with a check", async () => {
    await register(keeper, { serviceId: "here", port: 59880, status: "UP" }, { interval: "1h30m" });
    expect((await consul("GET /agent/service/here")).json).toMatchObject({
      ...{ ID: "here", Service: "here", Address: "127.0.0.1", Port: 59880, Tags: [], Meta: {} },
    });
    expect((await consul("GET /health/checks/here")).json).toMatchObject([
      { CheckID: "service:here", Name: "Service 'here' check", Status: "passing", Type: "http" },
    ]);
  });

  test("is equal, in Consul's API, to a service registered over Consul's API", async () => {
    const mask = (text: string): string =>
      text.replaceAll(/"(\w+Index|ContentHash)":"?\w+"?/g, "").replaceAll("twin-b", "twin-a");
    await register(keeper, { serviceId: "twin-a", port: 80 }, { interval: "1d" });
    const Check = { HTTP: "http://127.0.0.1:80/api/v3/ping", Interval: "24h", Timeout: "5s" };
    await registerWithConsul({ Name: "twin-b", Address: "127.0.0.1", Port: 80, Check });
    for (const path of ["/agent/service/", "/catalog/service/", "/health/checks/"]) {
      const [here, there] = await Promise.all([consul(`GET ${path}twin-a`), consul(`GET ${path}twin-b`)]);
      expect(mask(there.text)).toBe(mask(here.text));
    }
  });

  test("is missing from Consul's API after it is halted or deleted", async () => {
    await register(keeper, { serviceId: "halts" });
    await ask("PUT /registry", registrationBody({ serviceId: "halts", status: "HALT" }));
    expect((await consul("GET /agent/service/halts")).status).toBe(404);
    expect((await consul("GET /catalog/service/halts")).json).toEqual([]);
    await register(keeper, { serviceId: "deleted" });
    await ask("DELETE /registry/serviceId/deleted");
    expect((await consul("GET /health/service/deleted")).json).toEqual([]);
  });

  test("wakes the blocking queries of Consul's API for the service", async () => {
    const { index } = await consul("GET /health/service/awaited");
    const woken = consul(`GET /health/service/awaited?index=${index}&wait=10m`);
    await register(keeper, { serviceId: "awaited" });
    expect((await promptly(woken)).json).toMatchObject([{ Service: { ID: "awaited" } }]);
  });

  test("loses the checks with which it was registered over Consul's API before", async () => {
    await registerWithConsul({
      Name: "moved",
      Port: 1,
      Checks: [{ TTL: "1h" }, { TCP: "127.0.0.1:9", Interval: "1h" }],
    });
    expect((await ask("PUT /registry", registrationBody({ serviceId: "moved" }))).status).toBe(204);
    expect((await consul("GET /health/checks/moved")).json).toMatchObject([{ CheckID: "service:moved" }]);
  });
});

describe("a service registered over Consul's API", () => {
  const place = { Address: "127.0.0.1", Port: 7 };
  test.each([
    [
      { HTTP: "http://h:1/api/v1/ping?a=b", Interval: "10s" },
      { type: "http", path: "/api/v1/ping?a=b", interval: "10s" },
    ],
    [
      { HTTP: "http://[127.0.0.1]:7/a/../ping", Interval: "10s" },
      { type: "http", path: "/a/../ping", interval: "10s" },
    ],
    [
      { TCP: "127.0.0.1:9", Interval: "1h" },
      { type: "tcp", path: "", interval: "1h0m0s" },
    ],
    [{ TTL: "30s" }, { type: "ttl", path: "", interval: "30s" }],
    [
      { Args: ["true", "x"], Interval: "1h" },
      { type: "script", path: "true x", interval: "1h0m0s" },
    ],
    [
      { GRPC: "127.0.0.1:9/s", Interval: "1h" },
      { type: "grpc", path: "127.0.0.1:9/s", interval: "1h0m0s" },
    ],
    [{ AliasService: "other" }, { type: "alias", path: "other", interval: "" }],
    [undefined, { type: "", path: "", interval: "" }],
  ])("with the check %j has the health check %j in core-keeper's API", async (Check, HealthCheck) => {
    await registerWithConsul({ Name: "theirs", ...place, Check });
    const shown = (await shownRegistration(keeper, "theirs")) as { created: number; modified: number };
    expect(shown).toMatchObject({ serviceId: "theirs", host: "127.0.0.1", port: 7, HealthCheck });
    expect(shown.created).toBeGreaterThan(0);
    expect(shown.modified).toBeGreaterThanOrEqual(shown.created);
  });

  test.each([
    ["pass", "UP"],
    ["warn", "DOWN"],
    ["fail", "DOWN"],
  ])(
    "is UNKNOWN in core-keeper's API until its first TTL update, and after the update %s it is %s",
    async (word, status) => {
      await registerWithConsul({ Name: "told", ...place, Check: { TTL: "1h" } });
      expect(await shownRegistration(keeper, "told")).toMatchObject({ status: "UNKNOWN" });
      await consul(`PUT /agent/check/${word}/service:told`);
      expect(await shownRegistration(keeper, "told")).toMatchObject({ status });
    },
  );

  test("is UNKNOWN in core-keeper's API without checks, and DOWN in maintenance", async () => {
    await registerWithConsul({ Name: "bare", ...place });
    expect(await shownRegistration(keeper, "bare")).toMatchObject({ status: "UNKNOWN" });
    await consul("PUT /agent/service/maintenance/bare?enable=true");
    expect(await shownRegistration(keeper, "bare")).toMatchObject({ status: "DOWN" });
  });

  test("cannot be registered again by a POST to core-keeper's API, and can be deleted there", async () => {
    await registerWithConsul({ Name: "theirs", ...place });
    expect((await ask("POST /registry", registrationBody({ serviceId: "theirs" }))).status).toBe(409);
    expect((await ask("DELETE /registry/serviceId/theirs")).status).toBe(204);
    expect((await consul("GET /agent/service/theirs")).status).toBe(404);
  });

  test("is UNKNOWN in core-keeper's API even if it was halted there before, and is removed there when it is deregistered", async () => {
    await register(keeper, { serviceId: "back" });
    await ask("PUT /registry", registrationBody({ serviceId: "back", status: "HALT" }));
    await registerWithConsul({ Name: "back", ...place });
    expect(await shownRegistration(keeper, "back")).toMatchObject({ status: "UNKNOWN", port: 7 });
    await consul("PUT /agent/service/deregister/back");
    await within(1_000, async () => expect((await ask("GET /registry/serviceId/back")).status).toBe(404));
  });
});

describe("a service of another node", () => {
  async function registerElsewhere(service: string, status: string | undefined): Promise<void> {
    const node = { Node: "elsewhere", Address: "192.0.2.1" };
    onTestFinished(async () => void (await consul("PUT /catalog/deregister", node)));
    const Check = status && { CheckID: "c", Name: "c", ServiceID: service, Status: status };
    const Service = { Service: service, Address: "192.0.2.2", Port: 70 };
    expect((await consul("PUT /catalog/register", { ...node, Service, Check })).status).toBe(200);
  }

  test.each([
    ["passing", "UP"],
    ["critical", "DOWN"],
    [undefined, "UNKNOWN"],
  ])("whose check is %p is %s in core-keeper's API", async (status, shown) => {
    await registerElsewhere("far", status);
    expect(await shownRegistration(keeper, "far")).toMatchObject({ status: shown, host: "192.0.2.2", port: 70 });
    expect((await ask("GET /registry/all")).text).toContain('"serviceId":"far"');
  });

  test("is replaced in core-keeper's API by a service with the same id that registers with this agent", async () => {
    await registerElsewhere("both", "passing");
    onTestFinished(async () => void (await ask("DELETE /registry/serviceId/both")));
    expect((await ask("PUT /registry", registrationBody({ serviceId: "both" }))).status).toBe(204);
    expect(await shownRegistration(keeper, "both")).toMatchObject({ host: "127.0.0.1", port: 9 });
    expect((await ask("GET /registry/all")).text.split('"serviceId":"both"')).toHaveLength(2);
  });

  test("can be deleted over core-keeper's API", async () => {
    await registerElsewhere("removed", "passing");
    expect((await ask("DELETE /registry/serviceId/removed")).status).toBe(204);
    expect((await consul("GET /catalog/service/removed")).json).toEqual([]);
  });
});

test("agent/self has the address of core-keeper's API", async () => {
  const { json } = await exchange(keeper.target.url, "GET", { path: "/v1/agent/self" });
  const { port } = new URL(keeper.url);
  expect(json).toMatchObject({ DebugConfig: { KeeperAddrs: [`tcp://127.0.0.1:${port}`] } });
});
