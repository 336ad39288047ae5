import { expect, test } from "bun:test";
import { aclToken } from "../../test/support/acl.ts";
import { openTestStore, type TestStore } from "../../test/support/store.ts";
import { createLog } from "../lib/log.ts";
import { ExpiredTokens } from "./expired-tokens.ts";

const ids = [1, 2, 3].map((digit) => `6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f1${digit}`);
const [first = "", second = "", third = ""] = ids;

interface Trial extends TestStore {
  readonly lines: string[];
  readonly tokens: ExpiredTokens;
  readonly left: () => string[];
}

function openTrial(): Trial {
  const opened = openTestStore();
  const lines: string[] = [];
  const log = createLog({ level: "info", json: false, clock: opened.clock, sink: (line) => lines.push(line) }, "acl");
  const tokens = new ExpiredTokens(opened.store, { clock: opened.clock, log });
  return {
    ...{ ...opened, lines, tokens },
    left: () => [...opened.store.state.aclTokens.values()].map(({ accessorId }) => accessorId),
  };
}

async function create({ store, clock }: TestStore, accessorId: string, expirationTtlMs: number): Promise<void> {
  const token = aclToken({ accessorId, secretId: accessorId.replace("6f3f", "7f3f"), expirationTtlMs });
  const outcome = await store.submit({ type: "acl-token-set", token, isNew: true, nowMs: clock.wallMs() });
  expect(outcome).toEqual({ type: "done" });
}

test("a token is deleted when it expires, one without an expiration time stays", async () => {
  const trial = openTrial();
  await create(trial, first, 60_000);
  await create(trial, second, 0);
  await create(trial, third, 120_000);
  await trial.clock.advance(59_000);
  expect(trial.left()).toEqual(ids);
  await trial.clock.advance(1_000);
  expect(trial.left()).toEqual([second, third]);
  await trial.clock.advance(60_000);
  expect(trial.left()).toEqual([second]);
  expect(trial.lines.filter((line) => line.includes("Deleted expired ACL tokens"))).toHaveLength(2);
  expect(trial.clock.timerCount).toBe(0);
});

test("a token that expired while no server led is deleted when one begins to lead", async () => {
  const opened = openTestStore();
  await create(opened, first, 60_000);
  await opened.clock.advance(3_600_000);
  const log = createLog({ level: "info", json: false, clock: opened.clock, sink: () => {} }, "acl");
  const tokens = new ExpiredTokens(opened.store, { clock: opened.clock, log });
  await opened.clock.advance(0);
  expect(opened.store.state.aclTokens.size).toBe(0);
  tokens.stop();
});

test("a deletion that fails is tried again until it succeeds", async () => {
  const trial = openTrial();
  await create(trial, first, 60_000);
  trial.engine.fail();
  await trial.clock.advance(60_000);
  expect(trial.left()).toEqual([first]);
  trial.engine.recover();
  await trial.clock.advance(2_000);
  expect(trial.left()).toEqual([]);
});

test("nothing is deleted after the stop", async () => {
  const trial = openTrial();
  await create(trial, first, 60_000);
  trial.tokens.stop();
  await trial.clock.advance(120_000);
  expect(trial.left()).toEqual([first]);
});
