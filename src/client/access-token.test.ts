import { describe, expect, test } from "bun:test";
import { type CannedAgent, startCannedAgent } from "../../test/support/canned-agent.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { type Clock, systemClock } from "../lib/clock.ts";
import type { FetchAccessToken } from "./access-token.ts";
import { HttpClient, type HttpRequest, textOf } from "./http.ts";

/** Starts an agent that accepts one token and answers 403 to every other. */
function startGuardedAgent(valid: () => string): CannedAgent {
  return startCannedAgent(({ headers }) =>
    headers.get("X-Consul-Token") === valid()
      ? new Response("true")
      : new Response("Permission denied", { status: 403 }),
  );
}

function clientOf(url: string, fetchToken: FetchAccessToken, clock: Clock = systemClock): HttpClient {
  return new HttpClient({ baseUrl: url, clock, token: "old", fetchToken });
}

const put: HttpRequest = { method: "PUT", path: "/v1/kv/a", body: "1" };

describe("a refused token", () => {
  test("is renewed once, and the same request is sent again", async () => {
    using agent = startGuardedAgent(() => "new");
    const http = clientOf(agent.url, async () => "new");
    expect(textOf(await http.requestOk(put))).toBe("true");
    expect(agent.requests.map(({ method, target, body }) => `${method} ${target} ${body}`)).toEqual([
      "PUT /v1/kv/a 1",
      "PUT /v1/kv/a 1",
    ]);
    await http.requestOk(put);
    expect(agent.requests).toHaveLength(3);
  });

  test("is renewed once for all requests that are refused at the same time", async () => {
    using agent = startGuardedAgent(() => "new");
    let renewals = 0;
    const http = clientOf(agent.url, async () => {
      renewals += 1;
      return "new";
    });
    const answers = await Promise.all(Array.from({ length: 20 }, () => http.requestOk(put)));
    expect(answers.map(textOf)).toEqual(Array.from({ length: 20 }, () => "true"));
    expect(renewals).toBe(1);
  });

  test("that is refused again after the renewal gives the agent's error", async () => {
    using agent = startGuardedAgent(() => "another");
    const error = await rejectionOf(clientOf(agent.url, async () => "new").requestOk(put));
    expect(error).toMatchObject({ kind: "denied", message: "Unexpected response code: 403 (Permission denied)" });
    expect(agent.requests).toHaveLength(2);
  });

  test("can be renewed again later", async () => {
    let valid = "first";
    using agent = startGuardedAgent(() => valid);
    const http = clientOf(agent.url, async () => valid);
    await http.requestOk(put);
    valid = "second";
    await http.requestOk(put);
    expect(agent.requests).toHaveLength(4);
  });

  test("is renewed for a streamed answer, too", async () => {
    using agent = startGuardedAgent(() => "new");
    expect(await (await clientOf(agent.url, async () => "new").stream({ path: "/" })).text()).toBe("true");
  });

  test("without getAccessToken gives the agent's error", async () => {
    using agent = startGuardedAgent(() => "new");
    const http = new HttpClient({ baseUrl: agent.url, clock: systemClock, token: "old" });
    expect((await rejectionOf(http.requestOk(put))).message).toContain("403");
    expect(agent.requests).toHaveLength(1);
  });
});

describe("a renewal of a token", () => {
  test("that fails has the error text of EdgeX's Go clients, and the next request renews the token again", async () => {
    using agent = startGuardedAgent(() => "new");
    const sources = [() => Promise.reject(new Error("vault is sealed")), () => Promise.resolve("new")];
    const http = clientOf(agent.url, () => sources.shift()?.() ?? Promise.reject(new Error("asked too often")));
    expect(await rejectionOf(http.requestOk(put))).toMatchObject({
      kind: "denied",
      message: "failed to renew access token: vault is sealed",
    });
    expect(textOf(await http.requestOk(put))).toBe("true");
  });

  test("is given up after ten seconds without a new token", async () => {
    using agent = startGuardedAgent(() => "new");
    const clock = new FakeClock();
    const asked = Promise.withResolvers<AbortSignal>();
    const never: FetchAccessToken = ({ signal }) => {
      asked.resolve(signal);
      return Promise.withResolvers<string>().promise;
    };
    const failure = rejectionOf(clientOf(agent.url, never, clock).requestOk({ ...put, timeoutMs: 60_000 }));
    const signal = await asked.promise;
    await clock.advance(10_000);
    expect((await failure).message).toBe("failed to renew access token: no token within 10000 ms");
    expect([signal.aborted, clock.timerCount]).toEqual([true, 0]);
  });

  test("that does not end fails a waiting request at that request's timeout or signal", async () => {
    using agent = startGuardedAgent(() => "new");
    const clock = new FakeClock();
    const asked = Promise.withResolvers<void>();
    const http = clientOf(
      agent.url,
      () => {
        asked.resolve();
        return Promise.withResolvers<string>().promise;
      },
      clock,
    );
    const ending = new AbortController();
    const failures = [
      rejectionOf(http.requestOk({ ...put, signal: ending.signal })),
      rejectionOf(http.requestOk({ ...put, timeoutMs: 300 })),
    ];
    await asked.promise;
    ending.abort(new Error("enough"));
    await clock.advance(300);
    const messages = (await Promise.all(failures)).map(({ message }) => message);
    expect(messages).toEqual(["enough", `no answer from ${agent.url} within 300 ms`]);
  });
});
