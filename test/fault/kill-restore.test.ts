import { afterAll, beforeAll, expect, test } from "bun:test";
import { atLength } from "../support/at-length.ts";
import { type Answer, exchange } from "../support/exchange.ts";
import { FakeRandom } from "../support/fake-random.ts";
import { tellFigures, tellProgress } from "../support/progress.ts";
import { startTarget, type Target } from "../support/target.ts";

const cycles = atLength({ short: 30, long: 400 });
const keysOfEach = 900;
/**
 * The size of one value, in bytes. All values together exceed the size at which the engine folds its log, so that kills also
 * happen during a fold.
 */
const valueBytes = 8 * 1024;

const random = new FakeRandom(Number(process.env["SEED"] ?? 1));
let target: Target;

beforeAll(async () => {
  target = await startTarget();
});

afterAll(() => target.stop());

const send = (method: string, path: string, body?: unknown): Promise<Answer> =>
  exchange(target.url, method, { path, body });

interface Saved {
  readonly archive: Buffer;
  /** Every key with its value, and all nodes. */
  readonly content: string;
}

async function readContent(): Promise<{ readonly content: string; readonly index: number }> {
  const keys = await send("GET", "/v1/kv/?recurse");
  const nodes = await send("GET", "/v1/catalog/node/elsewhere");
  return { content: keys.text + nodes.text, index: keys.index };
}

/**
 * Gives the agent one of the test's two states, and returns its snapshot. Both states have half of their keys in common, with
 * different values.
 */
async function makeState(name: string): Promise<Saved> {
  await send("DELETE", "/v1/kv/?recurse");
  const value = (): Buffer => Buffer.from(Array.from({ length: valueBytes }, () => Math.floor(random.uniform() * 256)));
  for (let at = 0; at < keysOfEach; at += 30) {
    const folder = at % 60 === 0 ? "both" : name;
    await Promise.all(Array.from({ length: 30 }, (_, more) => send("PUT", `/v1/kv/${folder}/${at + more}`, value())));
  }
  await send("PUT", "/v1/catalog/register", { Node: "elsewhere", Address: "192.0.2.1", NodeMeta: { state: name } });
  const { bytes: archive } = await send("GET", "/v1/snapshot");
  return { archive, content: (await readContent()).content };
}

/** Returns how long a complete restore takes on this machine, in milliseconds. */
async function timeOfRestore(archive: Buffer): Promise<number> {
  const startMs = performance.now();
  expect((await send("PUT", "/v1/snapshot", archive)).status).toBe(200);
  return performance.now() - startMs;
}

/**
 * Kills the agent during a restore, or soon after, and starts it again; returns whether the restore was acknowledged.
 */
async function restoreAndKill(archive: Buffer, restoreMs: number): Promise<boolean> {
  let acknowledged = false;
  const restoring = send("PUT", "/v1/snapshot", archive).then(
    ({ status }) => (acknowledged = status === 200),
    () => {},
  );
  await Promise.race([restoring, Bun.sleep(random.uniform() * 2 * restoreMs)]);
  const wasAcknowledged = acknowledged;
  await target.restart("SIGKILL");
  await restoring;
  return wasAcknowledged;
}

test(`an agent killed ${cycles} times during a restore has the complete old or new state, and no lower index`, async () => {
  const states = [await makeState("one"), await makeState("two")];
  const met = { acknowledged: 0, cut: 0, afterAll: 0 };
  const restoreMs = await timeOfRestore(states[0]?.archive ?? Buffer.alloc(0));
  let present = states[0]?.content;
  let newest = (await readContent()).index;
  // A kill may come before or after the restore's end. The loop runs until both have happened, however slow the machine is.
  for (let cycle = 0; cycle < cycles || met.acknowledged === 0 || met.cut === 0; cycle++) {
    const wanted = states[(cycle + 1) % 2];
    if (!wanted) throw new Error("there are two states");
    tellProgress(() => `${cycle} of ${cycles} kills`);
    const acknowledged = await restoreAndKill(wanted.archive, restoreMs);
    const { content, index } = await readContent();
    const isNew = content === wanted.content;
    expect([cycle, isNew || (!acknowledged && content === present)]).toEqual([cycle, true]);
    expect(index).toBeGreaterThanOrEqual(newest);
    if (isNew && present !== content) expect(index).toBeGreaterThan(newest);
    met[acknowledged ? "acknowledged" : isNew ? "afterAll" : "cut"] += 1;
    present = content;
    newest = index;
  }
  tellFigures(`${cycles} kills: ${met.acknowledged} after the answer, ${met.cut} before it, ${met.afterAll} between`);
});
