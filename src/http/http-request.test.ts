import { describe, expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { settle } from "../../test/support/settle.ts";
import { unlimitedCallers } from "../registry/caller.ts";
import { openTestStore } from "../../test/support/store.ts";
import { HttpRequest } from "./http-request.ts";
import { LargeAnswers } from "./large-answers.ts";

function requestWith(
  body: ConstructorParameters<typeof Response>[0],
  signal: AbortSignal = new AbortController().signal,
) {
  const clock = new FakeClock();
  const raw = new Request("http://agent/v1/kv/a", { method: "PUT", body, signal });
  const largeAnswers = new LargeAnswers();
  const caller = unlimitedCallers(openTestStore().store).callerOf(undefined);
  const options = {
    ...{ rest: "a", query: "", peerAddress: () => "192.0.2.7", caller, largeAnswers, clock, isPretty: false },
  };
  return { request: new HttpRequest(raw, "/v1/kv/a", options), clock };
}

describe("a request's body", () => {
  test("that arrives in time is complete, and leaves no timer", async () => {
    const { request, clock } = requestWith("value");
    expect(Buffer.from(await request.body(100)).toString()).toBe("value");
    expect(clock.timerCount).toBe(0);
  });

  test("that does not arrive causes a 408 after half a minute, with Connection: close", async () => {
    const { request, clock } = requestWith(new ReadableStream({ pull: () => new Promise(() => {}) }));
    const late = rejectionOf(request.body(100));
    await settle();
    await clock.advance(30_000);
    expect(await late).toMatchObject({ status: 408, headers: { Connection: "close" } });
  });

  test("whose client disconnects before the end causes a 400, not a fault of the agent", async () => {
    const gone = new AbortController();
    const broken = new ReadableStream({
      start: (controller) => gone.signal.addEventListener("abort", () => controller.error(new Error("cut"))),
    });
    const { request } = requestWith(broken, gone.signal);
    const cut = rejectionOf(request.body(100));
    await settle();
    gone.abort();
    expect(await cut).toMatchObject({ status: 400 });
  });
});
