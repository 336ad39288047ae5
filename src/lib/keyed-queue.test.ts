import { expect, test } from "bun:test";
import { rejectionOf } from "../../test/support/rejection.ts";
import { settle } from "../../test/support/settle.ts";
import { KeyedQueue } from "./keyed-queue.ts";

/** Creates a queue, a log of the begin and end of its tasks, and functions that run a task and that end it. */
function trial() {
  const queue = new KeyedQueue();
  const order: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const run = (name: string, keys: readonly string[]): Promise<void> => {
    const end = Promise.withResolvers<void>();
    ends.set(name, end);
    return queue.run(keys, async () => {
      order.push(`begin ${name}`);
      await end.promise;
      order.push(`end ${name}`);
    });
  };
  return { queue, order, run, end: (name: string) => ends.get(name) };
}

test("a task of a keyed queue begins at once if no unfinished task shares a key with it", () => {
  const { order, run } = trial();
  void run("a", ["1"]);
  void run("b", ["2", "3"]);
  void run("c", []);
  expect(order).toEqual(["begin a", "begin b", "begin c"]);
});

test("a task of a keyed queue begins when all earlier tasks with a shared key have ended", async () => {
  const { queue, order, run, end } = trial();
  const all = [run("a", ["1"]), run("b", ["2"]), run("c", ["1", "2"]), run("d", ["2"])];
  end("b")?.resolve();
  end("d")?.resolve();
  await settle();
  expect(order).toEqual(["begin a", "begin b", "end b"]);
  end("a")?.resolve();
  end("c")?.resolve();
  await Promise.all(all);
  await settle();
  expect(order.slice(3)).toEqual(["end a", "begin c", "end c", "begin d", "end d"]);
  expect(queue.size).toBe(0);
});

test("a failed task of a keyed queue rejects only the promise of its caller", async () => {
  const { queue, order, run, end } = trial();
  const failed = rejectionOf(run("a", ["1"]));
  const next = run("b", ["1"]);
  end("a")?.reject(new Error("broken"));
  end("b")?.resolve();
  expect((await failed).message).toBe("broken");
  await next;
  await settle();
  expect([order.at(-1), queue.size]).toEqual(["end b", 0]);
});
