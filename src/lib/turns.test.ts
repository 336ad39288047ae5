import { expect, test } from "bun:test";
import { Turns } from "./turns.ts";

test("some tasks run at a time, and the others in the order in which they came, also after one that fails", async () => {
  const turns = new Turns(2);
  const begun: number[] = [];
  const ends = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const tasks = ends.map(({ promise }, at) =>
    turns.run(() => {
      begun.push(at);
      return promise;
    }),
  );
  await Promise.resolve();
  expect([begun, turns.waiting]).toEqual([[0, 1], 2]);
  ends[1]?.reject(new Error("failed"));
  expect(tasks[1]).rejects.toThrow("failed");
  await tasks[1]?.catch(() => {});
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  expect([begun, turns.waiting]).toEqual([[0, 1, 2], 1]);
  for (const { resolve } of ends) resolve();
  await Promise.all([tasks[0], tasks[2], tasks[3]]);
  expect(begun).toEqual([0, 1, 2, 3]);
});
