import { describe, expect, test } from "bun:test";
import { ClientLimit } from "./client-limit.ts";

/** Starts a request that is under way until the test calls `end`. */
function held(limit: ClientLimit, client: string | undefined): { answer: Promise<Response>; end: () => void } {
  const { promise, resolve } = Promise.withResolvers<Response>();
  const asked = limit.answer(
    () => client,
    () => promise,
  );
  return { answer: Promise.resolve(asked), end: () => resolve(new Response("changed")) };
}

async function statusOf(limit: ClientLimit, client: string | undefined): Promise<number> {
  return (
    await limit.answer(
      () => client,
      async () => new Response("true"),
    )
  ).status;
}

describe("a client with as many requests under way as it may have", () => {
  test("is refused another request, and other clients are not", async () => {
    const limit = new ClientLimit(2);
    held(limit, "192.0.2.1");
    held(limit, "192.0.2.1");
    const refused = await held(limit, "192.0.2.1").answer;
    expect([refused.status, refused.headers.get("Connection")]).toEqual([429, "close"]);
    expect(await statusOf(limit, "192.0.2.2")).toBe(200);
    expect(await statusOf(limit, undefined)).toBe(200);
  });

  test("is accepted again when one of its requests ends", async () => {
    const limit = new ClientLimit(1);
    const first = held(limit, undefined);
    expect(await statusOf(limit, undefined)).toBe(429);
    first.end();
    expect(await (await first.answer).text()).toBe("changed");
    expect(await statusOf(limit, undefined)).toBe(200);
  });

  test("is accepted again when the limit is raised or removed", async () => {
    const limit = new ClientLimit(1);
    held(limit, "192.0.2.1");
    expect(await statusOf(limit, "192.0.2.1")).toBe(429);
    for (const max of [2, 0, -1]) {
      limit.max = max;
      expect(await statusOf(limit, "192.0.2.1")).toBe(200);
    }
  });
});

test("no client's address is determined while all requests under way together are below the limit of one client", async () => {
  const limit = new ClientLimit(2);
  const asked: string[] = [];
  const visit = (client: string): Response | Promise<Response> => {
    const address = (): string => {
      asked.push(client);
      return client;
    };
    return limit.answer(address, () => new Promise(() => {}));
  };
  void visit("192.0.2.1");
  void visit("192.0.2.1");
  expect(asked).toEqual([]);
  expect((await visit("192.0.2.1")).status).toBe(429);
  void visit("192.0.2.2");
  expect(asked).toEqual(["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"]);
});

describe("a request stops counting towards the client's limit", () => {
  test("after it fails", async () => {
    const limit = new ClientLimit(1);
    expect(
      limit.answer(
        () => "192.0.2.1",
        () => Promise.reject(new Error("fault")),
      ),
    ).rejects.toThrow("fault");
    await Promise.resolve();
    expect(await statusOf(limit, "192.0.2.1")).toBe(200);
  });

  test("after the client of a streamed answer disconnects", async () => {
    const limit = new ClientLimit(1);
    const going = new AbortController();
    await limit.answer(
      () => "192.0.2.1",
      async () => new Response("line"),
      going.signal,
    );
    expect(await statusOf(limit, "192.0.2.1")).toBe(429);
    going.abort();
    expect(await statusOf(limit, "192.0.2.1")).toBe(200);
  });

  test("after its answer is complete", async () => {
    const limit = new ClientLimit(1);
    const first = held(limit, "192.0.2.1");
    expect(limit.underWay).toBe(1);
    first.end();
    await first.answer;
    expect(limit.underWay).toBe(0);
  });
});
