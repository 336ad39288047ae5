import { afterAll, beforeAll, expect, test } from "bun:test";
import type { KvTrialJson } from "../../src/wire/kv-trial.ts";
import { atLength } from "../support/at-length.ts";
import { type Answer, exchange } from "../support/exchange.ts";
import { FakeRandom } from "../support/fake-random.ts";
import { tellFigures, tellProgress } from "../support/progress.ts";
import { startTarget, type Target } from "../support/target.ts";

const cycles = atLength({ short: 12, long: 300 });
const random = new FakeRandom(Number(process.env["SEED"] ?? 1));
const services = ["one", "two"];
const keys = ["trial/one/a", "trial/two/b", "trial/c"];
/** The moments at which the agent is killed: at the start of a trial, while it is pending, and about its end. */
const moments = ["start", "pending", "end"] as const;
let agent: Target;

beforeAll(async () => {
  agent = await startTarget();
  for (const Name of services) {
    const body = { Name, Check: { CheckID: `${Name}-ttl`, TTL: "24h", Status: "passing" } };
    await send("PUT", "/v1/agent/service/register", JSON.stringify(body));
  }
});
afterAll(() => agent.stop());

async function send(method: string, path: string, body?: string): Promise<Answer> {
  const answer = await exchange(agent.url, method, { path, ...(body !== undefined && { body }) });
  if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
  return answer;
}

async function values(): Promise<readonly string[]> {
  const { json } = await send("GET", "/v1/kv/trial/?recurse");
  return (json as { Value: string }[]).map(({ Value }) => atob(Value));
}

async function newestTrial(): Promise<KvTrialJson | undefined> {
  return ((await send("GET", "/v1/praetor/kv-trials")).json as KvTrialJson[])[0];
}

/** Starts a trial that gives all keys a value, and resolves with its id when the agent has answered. */
async function startTrial(value: string, forMs: number): Promise<string> {
  const body = {
    Changes: keys.map((Key) => ({ Key, Value: btoa(value) })),
    ...{ Services: services, For: `${forMs}ms`, Staged: random.uniform() < 0.5 },
  };
  const { json } = await send("PUT", "/v1/praetor/kv-trial", JSON.stringify(body));
  return (json as KvTrialJson).ID;
}

/** Puts the keys on trial and kills the agent at the moment, or shortly after. Returns whether the agent had answered. */
async function tryAndKill(value: string, moment: (typeof moments)[number]): Promise<boolean> {
  const started = startTrial(value, moment === "end" ? 100 : 3_600_000).then(
    () => true,
    () => false,
  );
  if (moment !== "start") await started;
  await Bun.sleep(random.uniform() * (moment === "end" ? 400 : 10));
  await agent.restart("SIGKILL");
  return started;
}

test(`of the keys of a trial, an agent killed ${cycles} times has all old or all new values, as its record says`, async () => {
  const ends = new Map<string, number>();
  for (let cycle = 0; cycle < cycles; cycle++) {
    tellProgress(() => `${cycle} of ${cycles} kills`);
    const [old, next] = [`old ${cycle}`, `new ${cycle}`];
    for (const key of keys) await send("PUT", `/v1/kv/${key}`, old);
    const before = (await newestTrial())?.ID;
    const moment = moments[cycle % moments.length] ?? "start";
    const hasAnswered = await tryAndKill(next, moment);
    const found = await values();
    const trial = await newestTrial();
    const isNew = trial !== undefined && trial.ID !== before;
    if (hasAnswered) expect(isNew).toBe(true);
    const end = isNew ? trial.Outcome : "not begun";
    expect([moment, end, found]).toEqual([moment, end, keys.map(() => (end === "kept" ? next : old))]);
    expect(["kept", "undone", "not begun"]).toContain(end);
    if (moment === "pending") expect(trial?.Why).toContain("the agent restarted");
    ends.set(end, (ends.get(end) ?? 0) + 1);
  }
  expect(ends.get("undone")).toBeGreaterThanOrEqual(Math.floor(cycles / moments.length));
  tellFigures(`${cycles} kills: ${[...ends].map(([end, count]) => `${count} ${end}`).join(", ")}`);
});
