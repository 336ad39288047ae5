import { describe, expect, test } from "bun:test";
import { type CannedRequest, startCannedAgent } from "../../test/support/canned-agent.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { within } from "../../test/support/within.ts";
import { HttpClient } from "./http.ts";
import { KvClient } from "./kv-client.ts";
import { takeLock } from "./lock.ts";
import { Mutex } from "./mutex.ts";

type Read = (at: number, request: CannedRequest) => Response | Promise<Response>;

/** Starts an agent, and takes a lock from it with the session "me". `read` answers each read of the lock's key. */
function startLocking(
  read: Read,
  { monitorRetries = 0, timeoutMs }: { monitorRetries?: number; timeoutMs?: number } = {},
) {
  let reads = 0;
  const agent = startCannedAgent((request) => {
    if (request.target === "/v1/session/create") return Response.json({ ID: "me" });
    if (request.target.startsWith("/v1/session/")) return Response.json([{ ID: "me" }]);
    return request.method === "GET" ? read(reads++, request) : new Response("true");
  });
  const clock = new FakeClock();
  const http = new HttpClient({ baseUrl: agent.url, clock });
  const ending = new AbortController();
  const held = takeLock(http, new Mutex(new KvClient(http), "jobs/"), {
    clock,
    sessionName: "a job",
    timeoutMs,
    monitorRetries,
    signal: ending.signal,
  });
  const asked = (part: string): readonly CannedRequest[] =>
    agent.requests.filter(({ target }) => target.includes(part));
  return { agent, clock, held, ending, asked, [Symbol.dispose]: () => agent[Symbol.dispose]() };
}

function key(session: string, { index = 7, flags = "3304740253564472344" } = {}): Response {
  const body = `[{"Key":"jobs/.lock","Flags":${flags},"Value":null,"Session":"${session}","LockIndex":1,"CreateIndex":1,"ModifyIndex":1}]`;
  return new Response(body, { headers: { "X-Consul-Index": String(index) } });
}

const absent = (): Response => new Response(null, { status: 404, headers: { "X-Consul-Index": "1" } });
const failed = (): Response => new Response("No cluster leader", { status: 500 });

function never({ signal }: CannedRequest): Promise<Response> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(new Response())));
}

describe("a lock", () => {
  test("is acquired by a new session, which is renewed until the lock is released and then destroyed", async () => {
    using locking = startLocking((at, request) => (at === 0 ? absent() : at === 1 ? key("me") : never(request)));
    const held = await locking.held;
    expect(locking.agent.requests[0]?.body).toBe('{"Name":"a job","TTL":"15s"}');
    expect(locking.asked("acquire=")[0]?.target).toBe("/v1/kv/jobs/.lock?flags=3304740253564472344&acquire=me");
    await locking.clock.advance(7_499);
    expect(locking.asked("/v1/session/renew/me")).toHaveLength(0);
    for (const count of [1, 2])
      await within(2_000, async () => {
        await locking.clock.advance(1_500);
        expect(locking.asked("/v1/session/renew/me")).toHaveLength(count);
      });
    await held?.release();
    expect(locking.agent.requests.at(-2)?.target).toBe("/v1/kv/jobs/.lock?flags=3304740253564472344&release=me");
    expect(locking.agent.requests.at(-1)?.target).toBe("/v1/session/destroy/me");
    expect(held?.lost.aborted).toBe(true);
    expect(locking.clock.timerCount).toBe(0);
  });

  test("that another session holds is waited for until the timeout or the abort of the signal", async () => {
    using locking = startLocking((at, request) => (at === 0 ? key("another") : never(request)), { timeoutMs: 2_000 });
    await within(2_000, async () => expect(locking.asked("index=7&wait=2000ms")).toHaveLength(1));
    locking.ending.abort();
    expect(await locking.held).toBeUndefined();
    expect(locking.asked("/v1/session/destroy/me")).toHaveLength(1);
  });

  test("is not acquired if its key has flags other than those of a lock", async () => {
    using locking = startLocking(() => key("", { flags: "42" }));
    expect((await rejectionOf(locking.held)).message).toBe("Existing key does not match lock use");
    expect(locking.asked("acquire=")).toHaveLength(0);
  });

  test("is lost when another session holds its key", async () => {
    using locking = startLocking((at) => (at === 0 ? absent() : key("another")));
    const held = await locking.held;
    await within(2_000, async () => expect(held?.lost.aborted).toBe(true));
  });

  test("is kept during monitorRetries consecutive failures of the agent, and is lost at the next failure", async () => {
    using locking = startLocking((at) => (at === 0 ? absent() : failed()), { monitorRetries: 2 });
    const held = await locking.held;
    await within(2_000, async () => {
      await locking.clock.advance(500);
      expect(held?.lost.aborted).toBe(true);
    });
    expect(locking.asked("consistent=")).toHaveLength(3);
  });
});
