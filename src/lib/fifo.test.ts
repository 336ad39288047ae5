import { expect, test } from "bun:test";
import { Fifo } from "./fifo.ts";

function takeAll<Item>(fifo: Fifo<Item>): Item[] {
  const taken: Item[] = [];
  while (fifo.size > 0) taken.push(...[fifo.take()].filter((item) => item !== undefined));
  return taken;
}

test("items leave the queue in the order in which they were added", () => {
  const fifo = new Fifo<number>();
  const numbers = Array.from({ length: 5_000 }, (_, at) => at);
  for (const number of numbers) fifo.add(number);
  expect(fifo.first).toBe(0);
  const half = Array.from({ length: 2_500 }, () => fifo.take());
  for (const number of numbers) fifo.add(5_000 + number);
  expect([...half, ...takeAll(fifo)]).toEqual(Array.from({ length: 10_000 }, (_, at) => at));
  expect([fifo.size, fifo.first, fifo.take()]).toEqual([0, undefined, undefined]);
});

test("items that are put back into a queue are the next ones to leave it", () => {
  const fifo = new Fifo<string>();
  for (const item of ["a", "b", "c"]) fifo.add(item);
  fifo.take();
  fifo.putBack(["x", "a"]);
  expect(takeAll(fifo)).toEqual(["x", "a", "b", "c"]);
});

test("replacing a queue's content drops its earlier items", () => {
  const fifo = new Fifo<string>();
  fifo.add("a");
  fifo.replace(["b", "c"]);
  expect(takeAll(fifo)).toEqual(["b", "c"]);
});
