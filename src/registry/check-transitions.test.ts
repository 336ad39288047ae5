import { expect, test } from "bun:test";
import { startTestAgent, ttlCheck } from "../../test/support/agent.ts";
import { everything } from "../acl/rights.ts";
import { CheckTransitions } from "./check-transitions.ts";

test("the newest 4,096 transitions are kept, and a client that knows an older one gets all of them", async () => {
  const { agent, clock, outputs, store } = await startTestAgent();
  await agent.registerCheck(ttlCheck("c", { initialStatus: "passing" }), "api");
  const transitions = new CheckTransitions(store, { outputs, clock });
  for (let n = 1; n <= 4_100; n += 1) await agent.updateTtl("c", n % 2 === 0 ? "passing" : "critical", `run ${n}`);
  expect(transitions.count).toBe(4_100);
  const kept = transitions.after(2, everything);
  expect([kept.length, kept[0]?.number, kept[0]?.reason, kept.at(-1)?.number]).toEqual([4_096, 5, "run 5", 4_100]);
});

test("a check that is deregistered and registered again has no transition, and a new status since then", async () => {
  const { agent, clock, outputs, store } = await startTestAgent();
  const transitions = new CheckTransitions(store, { outputs, clock });
  const since = (): number | undefined => {
    const [check] = store.state.checks.values();
    return check && transitions.sinceMs(check);
  };
  await agent.registerCheck(ttlCheck("c", { initialStatus: "passing" }), "api");
  const first = since();
  await agent.deregisterCheck("c");
  clock.jumpWall(1_000);
  await agent.registerCheck(ttlCheck("c", { initialStatus: "critical" }), "api");
  expect([transitions.count, since()]).toEqual([0, (first ?? 0) + 1_000]);
});
