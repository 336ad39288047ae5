import { describe, expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { startCannedAgent } from "../../test/support/canned-agent.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { systemClock } from "../lib/clock.ts";
import { HttpClient, jsonOf, textOf } from "./http.ts";

const clock = systemClock;

describe("HttpClient", () => {
  test("sends method, path, query, body and token, and returns the complete answer", async () => {
    using agent = startCannedAgent(() => new Response("true", { headers: { "X-Consul-Index": "7" } }));
    const http = new HttpClient({ baseUrl: agent.url, clock, token: "secret" });
    const answer = await http.request({ method: "PUT", path: "/v1/kv/a%20b", query: { cas: "0" }, body: "1" });
    expect(textOf(answer)).toBe("true");
    expect(answer.headers.get("x-consul-index")).toBe("7");
    expect(agent.requests[0]).toMatchObject({ method: "PUT", target: "/v1/kv/a%20b?cas=0", body: "1" });
    expect(agent.requests[0]?.headers.get("X-Consul-Token")).toBe("secret");
  });

  test.each([
    [400, "invalid"],
    [403, "denied"],
    [404, "not-found"],
    [409, "conflict"],
    [413, "too-large"],
    [429, "rate-limited"],
    [500, "unavailable"],
    [301, "unavailable"],
  ] as const)("turns status %d into an error of kind %s with Consul's text", async (status, kind) => {
    using agent = startCannedAgent(() => new Response("what it says\n", { status }));
    const error = await rejectionOf(new HttpClient({ baseUrl: agent.url, clock }).requestOk({ path: "/" }));
    expect(error).toMatchObject({ kind, message: `Unexpected response code: ${status} (what it says)` });
  });

  test("rejects with an error that ends with the status code if the answer has no body", async () => {
    using agent = startCannedAgent(() => new Response(null, { status: 403 }));
    const error = await rejectionOf(new HttpClient({ baseUrl: agent.url, clock }).requestOk({ path: "/" }));
    expect(error.message).toBe("Unexpected response code: 403");
  });

  test("rejects with a timeout error if the agent never answers", async () => {
    const fakeClock = new FakeClock();
    const asked = Promise.withResolvers<void>();
    const never = Promise.withResolvers<Response>();
    using agent = startCannedAgent(() => {
      asked.resolve();
      return never.promise;
    });
    const failure = rejectionOf(
      new HttpClient({ baseUrl: agent.url, clock: fakeClock }).request({ path: "/", timeoutMs: 300 }),
    );
    await asked.promise;
    await fakeClock.advance(299);
    expect(Bun.peek.status(failure)).toBe("pending");
    await fakeClock.advance(1);
    expect(await failure).toMatchObject({ kind: "timeout", message: `no answer from ${agent.url} within 300 ms` });
  });

  test("applies the timeout to each part of an answer, not to the whole answer", async () => {
    const fakeClock = new FakeClock();
    const pending = Promise.withResolvers<ReadableStreamDefaultController<string>>();
    using agent = startCannedAgent(() => {
      const body = new ReadableStream<string>({ start: pending.resolve });
      void pending.promise.then((controller) => controller.enqueue("0"));
      return new Response(body);
    });
    const http = new HttpClient({ baseUrl: agent.url, clock: fakeClock, timeoutMs: 1_000 });
    const parts = http.parts(await http.stream({ path: "/" }));
    const controller = await pending.promise;
    const text = async (part: Promise<IteratorResult<Uint8Array, void>>): Promise<string> =>
      new TextDecoder().decode((await part).value ?? undefined);
    expect(await text(parts.next())).toBe("0");
    for (const sent of ["1", "2", "3"]) {
      const part = parts.next();
      await fakeClock.advance(999);
      controller.enqueue(sent);
      expect(await text(part)).toBe(sent);
    }
    const silence = rejectionOf(parts.next());
    await fakeClock.advance(1_000);
    expect(await silence).toMatchObject({ kind: "timeout", code: "request-timeout" });
    expect(fakeClock.timerCount).toBe(0);
  });

  test("uses a proxy for other machines and never for this machine", async () => {
    const atProxy: string[] = [];
    using proxy = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch(request) {
        atProxy.push(request.url);
        return new Response("by the proxy");
      },
    });
    using agent = startCannedAgent(() => new Response("straight"));
    const env = { http_proxy: proxy.url.href };
    const asked = async (baseUrl: string, more = {}): Promise<string> =>
      textOf(await new HttpClient({ baseUrl, clock, env: { ...env, ...more } }).request({ path: "/v1/kv/a?raw" }));
    const { port } = new URL(agent.url);
    expect(await asked(agent.url)).toBe("straight");
    expect(await asked(`http://localhost:${port}`)).toBe("straight");
    expect(await asked("http://gateway.example:8500")).toBe("by the proxy");
    // 0.0.0.0 reaches this machine, but is not a loopback address, so NO_PROXY must exempt it.
    expect(await asked(`http://0.0.0.0:${port}`, { NO_PROXY: "0.0.0.0/8" })).toBe("straight");
    expect(atProxy).toEqual(["http://gateway.example:8500/v1/kv/a?raw"]);
  });

  test("names the agent's address in the error if no agent listens there", async () => {
    const gone = startCannedAgent(() => new Response());
    gone[Symbol.dispose]();
    const error = await rejectionOf(new HttpClient({ baseUrl: gone.url, clock }).request({ path: "/" }));
    expect(error).toMatchObject({ kind: "unavailable", message: `cannot reach ${gone.url}: connection refused` });
  });

  test("rejects an aborted request with the signal's reason", async () => {
    const never = Promise.withResolvers<Response>();
    const abort = new AbortController();
    using agent = startCannedAgent(() => {
      abort.abort(new Error("enough"));
      return never.promise;
    });
    const asking = new HttpClient({ baseUrl: agent.url, clock }).request({ path: "/", signal: abort.signal });
    expect((await rejectionOf(asking)).message).toBe("enough");
  });

  test("shows a body that is not JSON in the error", async () => {
    using agent = startCannedAgent(() => new Response("<html>"));
    const answer = await new HttpClient({ baseUrl: agent.url, clock }).request({ path: "/" });
    expect(() => jsonOf(answer)).toThrow(/not JSON.*<html>/);
  });
});
