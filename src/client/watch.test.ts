import { describe, expect, test } from "bun:test";
import { startCannedAgent } from "../../test/support/canned-agent.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { within } from "../../test/support/within.ts";
import { HttpClient } from "./http.ts";
import { planWatch, type WatchParameters } from "./watch-plan.ts";
import { watch } from "./watch.ts";

interface Answer {
  readonly index: string;
  readonly body: unknown;
}

/**
 * Starts an agent and a watch that queries it. The agent gives these answers in turn and leaves later requests unanswered;
 * undefined stands for an answer with status 500.
 */
function startWatch(type: string, parameters: WatchParameters, answers: readonly (Answer | undefined)[]) {
  let at = 0;
  const agent = startCannedAgent(({ signal }) => {
    if (at >= answers.length)
      return new Promise<Response>((resolve) => signal.addEventListener("abort", () => resolve(new Response())));
    const answer = answers[at++];
    if (answer === undefined) return new Response("No cluster leader", { status: 500 });
    return Response.json(answer.body, { headers: { "X-Consul-Index": answer.index } });
  });
  const clock = new FakeClock();
  const ending = new AbortController();
  const [received, retries]: [unknown[], number[]] = [[], []];
  const http = new HttpClient({ baseUrl: agent.url, clock });
  const ended = watch(http, planWatch(type, parameters), {
    clock,
    signal: ending.signal,
    onChange: ({ content }) => void received.push(content),
    onError: (_thrown, retryMs) => void retries.push(retryMs),
  });
  const untilAsked = (count: number) => within(2_000, async () => expect(agent.requests).toHaveLength(count));
  return {
    clock,
    received,
    retries,
    agent,
    untilAsked,
    async [Symbol.asyncDispose]() {
      ending.abort();
      await ended;
      agent[Symbol.dispose]();
    },
  };
}

describe("a watch", () => {
  test("calls the handler with the first content, then only with changed content", async () => {
    const [first, second] = [{ consul: [] }, { consul: [], web: [] }];
    await using watched = startWatch("services", {}, [
      { index: "5", body: first },
      { index: "6", body: first },
      { index: "7", body: second },
    ]);
    await watched.untilAsked(4);
    expect(watched.received).toEqual([first, second]);
    expect(watched.agent.requests.map(({ target }) => target)).toEqual([
      "/v1/catalog/services",
      "/v1/catalog/services?index=5&wait=60000ms",
      "/v1/catalog/services?index=6&wait=60000ms",
      "/v1/catalog/services?index=7&wait=60000ms",
    ]);
  });

  test("retries a lost agent at growing pauses, and skips unchanged content", async () => {
    const body = { consul: [] };
    await using watched = startWatch("services", {}, [
      { index: "5", body },
      undefined,
      undefined,
      { index: "2", body },
    ]);
    for (const [count, pauseMs] of [
      [2, 5_000],
      [3, 20_000],
    ] as const) {
      await watched.untilAsked(count);
      await within(2_000, async () => expect(watched.retries.at(-1)).toBe(pauseMs));
      await watched.clock.advance(pauseMs - 1);
      expect(watched.agent.requests).toHaveLength(count);
      await watched.clock.advance(1);
    }
    await watched.untilAsked(5);
    expect(watched.received).toEqual([body]);
    expect(watched.agent.requests[3]?.target).toBe("/v1/catalog/services");
  });

  test("pauses after an answer with an unchanged index, which a proxy may send", async () => {
    const answer = { index: "5", body: {} };
    await using watched = startWatch("services", {}, [answer, answer, answer]);
    await watched.untilAsked(2);
    // The pause begins when the client has read the second answer, at a time that the fake clock cannot control.
    let advancedMs = 0;
    await within(2_000, async () => {
      await watched.clock.advance(100);
      advancedMs += 100;
      expect(watched.agent.requests).toHaveLength(3);
    });
    expect(advancedMs).toBeGreaterThanOrEqual(1_000);
  });

  test("passes only events newer than the last one, even if the agent was unreachable in between", async () => {
    const [a, b, c] = ["a", "b", "c"].map((ID) => ({ ID }));
    await using watched = startWatch("event", { name: "deploy" }, [
      { index: "17446744073709551615", body: [a] },
      { index: "3", body: [a, b] },
      undefined,
      { index: "3", body: [a, b] },
      { index: "9", body: [a, b, c] },
    ]);
    await watched.untilAsked(3);
    await within(2_000, async () => expect(watched.retries).toEqual([5_000]));
    await watched.clock.advance(5_000);
    await watched.untilAsked(6);
    expect(watched.received).toEqual([[a], [b], [c]]);
    // The index of an event is 64 bits wide.
    expect(watched.agent.requests[1]?.target).toBe(
      "/v1/event/list?name=deploy&index=17446744073709551615&wait=60000ms",
    );
  });
});

describe("a watch plan", () => {
  test("can watch a service by several tags", () => {
    const { path } = planWatch("service", { service: "web", tag: ["a", "b c"], passingonly: true, stale: true });
    expect(path).toBe("/v1/health/service/web?tag=a&tag=b%20c&passing=1&stale=");
  });

  test.each([
    ["service", { service: 1 }, "Expecting service to be a string"],
    ["service", { service: "web", passingonly: "true" }, "Expecting passingonly to be a boolean"],
    ["service", { service: "web", tag: [1] }, "Expecting tag to be a string or []string"],
    ["services", { tag: "a", prefix: "b" }, "Invalid parameters: [prefix tag]"],
    ["toString", {}, "Unsupported watch type: toString"],
  ])("of type %s with the parameters %o is refused", (type, parameters, message) => {
    expect(() => planWatch(type, parameters)).toThrow(message);
  });
});
