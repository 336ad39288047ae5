import { describe, expect, test } from "bun:test";
import { expectError, get, put, registerService, sharedTarget, unique } from "../support/conformance.ts";
import type { Answer } from "../support/exchange.ts";
import { promptly } from "../support/promptly.ts";

await sharedTarget();

interface Held {
  readonly answer: Answer;
  readonly tookMs: number;
}

/** Requests the service with its current content hash, calls `act` while the agent holds the request, and returns the answer. */
async function held(id: string, act: () => Promise<unknown>, wait: string): Promise<Held> {
  const path = `/v1/agent/service/${id}`;
  const hash = (await get(path)).header("X-Consul-Contenthash");
  const started = performance.now();
  const waiting = get(`${path}?hash=${hash}&wait=${wait}`);
  await Bun.sleep(60);
  await act();
  const answer = await promptly(waiting);
  return { answer, tookMs: performance.now() - started };
}

describe("a blocking read of an agent's service with its content hash", () => {
  test("returns the service when its definition changes", async () => {
    const Name = unique("hashed");
    await registerService({ Name, Tags: ["one"] });
    const { answer } = await held(Name, () => registerService({ Name, Tags: ["two"] }), "10m");
    expect(answer.json).toMatchObject({ Tags: ["two"], ContentHash: answer.header("X-Consul-Contenthash") });
  });

  test("returns 404 when the service is deregistered", async () => {
    const Name = unique("hashed");
    await registerService({ Name });
    const { answer } = await held(Name, () => put(`/v1/agent/service/deregister/${Name}`), "10m");
    expectError(answer, { status: 404, text: `unknown service ID: ${Name}` });
  });

  test("is held until its wait ends while other services change and the service is registered again unchanged", async () => {
    const Name = unique("hashed");
    await registerService({ Name });
    const others = async (): Promise<void> => {
      await registerService({ Name });
      await registerService({ Name: unique("other") });
    };
    const { answer, tookMs } = await held(Name, others, "300ms");
    expect(tookMs).toBeGreaterThan(290);
    expect(answer.status).toBe(200);
  });

  test("returns at once if the request's hash is not the service's or is missing", async () => {
    const Name = unique("hashed");
    await registerService({ Name });
    for (const query of ["hash=other&wait=10m", "wait=10m", "hash="])
      await promptly(get(`/v1/agent/service/${Name}?${query}`));
  });

  test("refuses an invalid wait", async () => {
    const Name = unique("hashed");
    await registerService({ Name });
    expectError(await get(`/v1/agent/service/${Name}?hash=x&wait=x`), { status: 400, text: "Invalid wait time" });
  });
});
