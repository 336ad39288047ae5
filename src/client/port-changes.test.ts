import { describe, expect, test } from "bun:test";
import { type CannedRequest, startCannedAgent } from "../../test/support/canned-agent.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { within } from "../../test/support/within.ts";
import { HttpClient } from "./http.ts";
import type { PortChange } from "./port-record.ts";
import { RegistryClient } from "./registry-client.ts";

const serviceKey = "edgex-core-data";

interface Fields {
  readonly revision?: number;
  readonly newPort?: number;
  readonly state?: string;
}

/** Returns a port record as the registry stores it. */
function record({ revision = 3, newPort = 28_000, state = "pending" }: Fields = {}): string {
  const because = { owner: "edgex-core-command", reason: "port 48080 is taken", at: "2026-01-01T00:00:00Z" };
  return JSON.stringify({
    id: "c1",
    revision,
    service: serviceKey,
    host: "h",
    oldPort: 48_080,
    newPort,
    ...because,
    state,
  });
}

/** Returns the answer to a registration that assigns another port. */
function portChangedAnswer(revision = 3, newPort = 28_000): Response {
  return Response.json({ PortChanged: { ID: "c1", Revision: revision, Old: 48_080, New: newPort } });
}

type Answers = (request: CannedRequest) => Response | undefined;

/** Starts an agent that can store a port record, and a client of it. `answers` can replace the agent's answers. */
function startClient(answers: Answers = () => undefined) {
  let [stored, index]: [string | undefined, number] = [undefined, 1];
  let changed = Promise.withResolvers<void>();
  const answerRecord = (): Response => {
    const headers = { "X-Consul-Index": String(index) };
    if (stored === undefined) return new Response(null, { status: 404, headers });
    return Response.json([{ Key: "k", Value: btoa(stored) }], { headers });
  };
  const agent = startCannedAgent(async (request) => {
    const own = answers(request);
    if (own !== undefined) return own;
    if (!request.target.startsWith("/v1/kv/")) return new Response();
    if (request.target.includes(`index=${index}&`)) await changed.promise;
    return answerRecord();
  });
  const clock = new FakeClock();
  const client = new RegistryClient({
    http: new HttpClient({ baseUrl: agent.url, clock }),
    ...{ serviceKey, serviceHost: "h", servicePort: 48_080, checkRoute: "/ping", checkInterval: "10s" },
  });
  const [changes, errors]: [PortChange[], string[]] = [[], []];
  return {
    ...{ agent, clock, client, changes, errors },
    store(value: string | undefined): void {
      [stored, index] = [value, index + 1];
      changed.resolve();
      changed = Promise.withResolvers();
    },
    follow: (onChange: (change: PortChange) => Promise<void> | void = () => {}) =>
      client.onPortChanged({
        async onChange(change) {
          changes.push(change);
          await onChange(change);
        },
        onError: ({ message }) => errors.push(message),
      }),
    /** Returns the ports of all registrations of the service and its check, in order. */
    registered: (): string[] =>
      agent.requests.flatMap(({ method, body }) =>
        method === "PUT" && body !== "" ? (/"Port":\d+|:\d+\/\w+/.exec(body)?.[0] ?? []) : [],
      ),
    /** Resolves when the client has received the last stored port record. */
    async untilSeen(): Promise<void> {
      await within(2_000, async () => expect(agent.requests.at(-1)?.target).toContain(`?index=${index}&`));
    },
    [Symbol.dispose](): void {
      agent[Symbol.dispose]();
    },
  };
}

const asFirst = ['"Port":48080', ":48080/ping"];
const asMoved = ['"Port":28000', ":28000/ping"];

describe("a port change", () => {
  test("in a port record is passed to onChange, then registered for the service and its checks", async () => {
    using world = startClient();
    await world.client.register();
    await world.client.registerCheck({ name: "ready", route: "/ready", interval: "5s" });
    const rebound = Promise.withResolvers<void>();
    world.follow(() => rebound.promise);
    world.store(record());
    await world.untilSeen();
    expect(world.changes).toEqual([
      {
        ...{ id: "c1", revision: 3, oldPort: 48_080, newPort: 28_000 },
        ...{ owner: "edgex-core-command", reason: "port 48080 is taken" },
      },
    ]);
    expect(world.registered()).toEqual([...asFirst, ":48080/ready"]);
    rebound.resolve();
    await within(2_000, async () =>
      expect(world.registered()).toEqual([...asFirst, ":48080/ready", ...asMoved, ":28000/ready"]),
    );
    expect(world.agent.requests.some(({ target }) => target.includes("deregister"))).toBe(false);
    // The move ends shortly after the agent receives the registration.
    await within(2_000, async () => {
      await world.client.register();
      expect(world.registered().slice(-3)).toEqual([...asMoved, ":28000/ready"]);
    });
  });

  test("in the answer to a registration is made at once, and not made again when its record is stored", async () => {
    using world = startClient(({ target, body }) =>
      target.startsWith("/v1/agent/service/register") && body.includes("48080") ? portChangedAnswer() : undefined,
    );
    world.follow();
    await world.client.register();
    await within(2_000, async () => expect(world.registered()).toEqual([...asFirst, ...asMoved]));
    world.store(record());
    world.store(record({ revision: 4, state: "active" }));
    await world.untilSeen();
    expect(world.changes).toEqual([{ id: "c1", revision: 3, oldPort: 48_080, newPort: 28_000 }]);
  });

  test("recorded before the service registers is passed to onChange after the registration", async () => {
    using world = startClient();
    world.store(record());
    world.follow();
    await world.untilSeen();
    expect(world.changes).toEqual([]);
    await world.client.register();
    await within(2_000, async () => expect(world.registered()).toEqual([...asFirst, ...asMoved]));
  });

  test.each(["conflict", "active", "pinned", "exhausted", "released"])(
    "in a record with state %s is not made",
    async (state) => {
      using world = startClient();
      await world.client.register();
      world.follow();
      world.store(record({ state, newPort: state === "conflict" ? 0 : 28_000 }));
      await world.untilSeen();
      world.store(undefined);
      await world.untilSeen();
      expect([world.changes, world.errors]).toEqual([[], []]);
    },
  );

  test("to the registered port is ignored", async () => {
    using world = startClient();
    await world.client.register();
    world.follow();
    world.store(record({ newPort: 48_080 }));
    await world.untilSeen();
    expect(world.changes).toEqual([]);
  });

  test("that arrives during another waits for it, and only the newest of several is made", async () => {
    using world = startClient();
    await world.client.register();
    const rebound = Promise.withResolvers<void>();
    world.follow(({ revision }) => (revision === 3 ? rebound.promise : undefined));
    for (const revision of [3, 4, 5]) {
      world.store(record({ revision, newPort: 28_000 + revision }));
      await world.untilSeen();
    }
    rebound.resolve();
    await within(2_000, async () => expect(world.registered().at(-1)).toBe(":28005/ping"));
    expect(world.changes.map(({ revision }) => revision)).toEqual([3, 5]);
  });
});

describe("a port change that fails", () => {
  test("in onChange leaves the registration unchanged, and is not retried", async () => {
    using world = startClient();
    await world.client.register();
    world.follow(() => Promise.reject(new Error("listen EADDRINUSE :28000")));
    world.store(record());
    await world.untilSeen();
    world.store(record());
    await world.untilSeen();
    expect(world.registered()).toEqual(asFirst);
    expect([world.changes.length, world.errors]).toEqual([1, ["listen EADDRINUSE :28000"]]);
    world.store(record({ revision: 4 }));
    await world.untilSeen();
    expect(world.changes).toHaveLength(2);
  });

  test("because the registry is unavailable calls onError, and the registration of the new port is retried", async () => {
    let failures = 3;
    using world = startClient(({ method, body }) =>
      method === "PUT" && body.includes("28000") && failures-- > 0
        ? new Response("No cluster leader", { status: 500 })
        : undefined,
    );
    await world.client.register();
    world.follow();
    world.store(record());
    for (const [at, pauseMs] of [1_000, 2_000, 4_000].entries()) {
      await within(2_000, async () => expect(world.errors).toHaveLength(at + 1));
      await world.clock.advance(pauseMs);
    }
    await within(2_000, async () => expect(world.registered().slice(-2)).toEqual(asMoved));
    expect(world.errors[0]).toBe("Unexpected response code: 500 (No cluster leader)");
    expect(world.changes).toHaveLength(1);
  });

  test("because the registry refuses the new port is not retried", async () => {
    using world = startClient(({ method, body }) =>
      method === "PUT" && body.includes("28000") ? new Response("reserved", { status: 409 }) : undefined,
    );
    await world.client.register();
    world.follow();
    world.store(record());
    await within(2_000, async () => expect(world.errors).toEqual(["Unexpected response code: 409 (reserved)"]));
    await world.clock.advance(60_000);
    expect(world.registered()).toEqual([...asFirst, '"Port":28000']);
  });

  test("because its record cannot be decoded calls onError, and the next valid record is applied", async () => {
    using world = startClient();
    await world.client.register();
    world.follow();
    world.store("not a record");
    await within(2_000, async () => expect(world.errors).toHaveLength(1));
    expect(world.errors[0]).toContain("cannot be read, it is left alone: not a record");
    world.store(record());
    await world.clock.advance(1_000);
    await within(2_000, async () => expect(world.registered().slice(-2)).toEqual(asMoved));
  });
});

describe("no port change is registered, and no later one is made,", () => {
  test.each(["stop", "unregister", "another follower"] as const)("after %s", async (how) => {
    using world = startClient();
    await world.client.register();
    const rebound = Promise.withResolvers<void>();
    const following = world.follow(() => rebound.promise);
    world.store(record());
    await world.untilSeen();
    if (how === "stop") following.stop();
    else if (how === "unregister") await world.client.unregister();
    else world.client.onPortChanged({ onChange: () => {}, onError: () => {} }).stop();
    rebound.resolve();
    world.store(record({ revision: 4 }));
    await within(2_000, async () => expect(world.clock.timerCount).toBe(0));
    expect([world.registered(), world.changes.length]).toEqual([asFirst, 1]);
  });
});
