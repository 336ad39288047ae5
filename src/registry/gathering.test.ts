import { describe, expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { settle } from "../../test/support/settle.ts";
import type { Batch, Engine } from "../engine/engine.ts";
import { keySet } from "../../test/support/state.ts";
import { emptyState } from "../state/state.ts";
import { VisibleState } from "./visible-state.ts";
import { noMeter, WriteQueue } from "./write-queue.ts";

const commitMs = 8;

/** A queue of writes on an engine whose commits take `commitMs`, and the number of rows in each of its batches. */
function openQueue() {
  const clock = new FakeClock();
  const sizes: number[] = [];
  const engine: Engine = {
    commit: ({ changes }: Batch) =>
      new Promise((resolve) => {
        sizes.push(changes.length);
        clock.schedule(commitMs, resolve);
      }),
    ping: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  const queue = new WriteQueue(new VisibleState(emptyState), engine, { clock, meter: noMeter, gathers: true });
  let keys = 0;
  const write = (): Promise<unknown> => queue.submit({ commands: [keySet(`key-${(keys += 1)}`, "1")] });
  const advance = async (ms: number): Promise<void> => {
    await settle();
    await clock.advance(ms);
  };
  return { advance, clock, sizes, queue, write };
}

/** Writes again and again, each time as soon as it has its outcome. */
async function writeOn(write: () => Promise<unknown>, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) await write();
}

describe("a queue that gathers the writes of its callers", () => {
  test("commits the writes of all callers together, though they began at different times", async () => {
    const { advance, sizes, write } = openQueue();
    const early = [1, 2, 3].map(() => writeOn(write, 4));
    await advance(1);
    const late = [1, 2].map(() => writeOn(write, 4));
    await advance(10 * commitMs);
    await Promise.all([...early, ...late]);
    expect(sizes.slice(0, 4)).toEqual([3, 5, 5, 5]);
  });

  test("does not delay a caller that is alone", async () => {
    const { advance, sizes, write } = openQueue();
    const alone = writeOn(write, 4);
    await advance(4 * commitMs);
    await alone;
    expect(sizes).toHaveLength(4);
  });

  test("waits at most as long as a commit took for callers that do not come back, and then not for a while", async () => {
    const { advance, sizes, write } = openQueue();
    const gone = [1, 2, 3].map(write);
    await advance(1);
    const on = writeOn(write, 4);
    await advance(commitMs - 1 + commitMs - 1);
    await Promise.all(gone);
    expect(sizes).toEqual([3]);
    await advance(1);
    expect(sizes).toEqual([3, 1]);
    await advance(4 * commitMs);
    await on;
    expect(sizes).toEqual([3, 1, 1, 1, 1]);
  });

  test("ends its wait when it is closed", async () => {
    const { advance, clock, queue, write } = openQueue();
    const written = write();
    await advance(commitMs);
    await written;
    const closed = queue.close();
    await settle();
    await closed;
    expect(clock.timerCount).toBe(0);
  });
});
