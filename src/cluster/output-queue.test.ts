import { beforeEach, expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import type { CheckOutputs } from "./catalog-calls.ts";
import { OutputQueue } from "./output-queue.ts";

let clock: FakeClock;
let sent: CheckOutputs[];
let queue: OutputQueue;

const [web, db] = [
  { id: "web", serviceName: "web" },
  { id: "db", serviceName: "" },
];

beforeEach(() => {
  clock = new FakeClock();
  sent = [];
  queue = new OutputQueue(clock, (outputs) => sent.push(outputs));
});

test("outputs that change within a second are sent together, each in its newest form", async () => {
  queue.set(web, "1");
  await clock.advance(900);
  queue.set(db, "ok");
  queue.set(web, "2");
  expect(sent).toEqual([]);
  await clock.advance(100);
  expect(sent.splice(0)).toEqual([
    [
      { ...web, output: "2" },
      { ...db, output: "ok" },
    ],
  ]);
  queue.set(db, "slow");
  await clock.advance(1_000);
  expect(sent).toEqual([[{ ...db, output: "slow" }]]);
});

test("an output that has not changed is not sent again", async () => {
  queue.set(web, "1");
  await clock.advance(1_000);
  queue.set(web, "1");
  await clock.advance(10_000);
  expect(sent).toHaveLength(1);
});

test("a deregistered check is sent without an output, and only if it had one", async () => {
  queue.set(web, "1");
  queue.delete("web");
  queue.delete("db");
  await clock.advance(1_000);
  expect(sent).toEqual([[{ id: "web", serviceName: "" }]]);
});

test("a server that has none of the outputs gets all", async () => {
  queue.set(web, "1");
  queue.set(db, "ok");
  queue.delete("db");
  await clock.advance(1_000);
  sent = [];
  queue.sendAll();
  await clock.advance(1_000);
  expect(sent).toEqual([[{ ...web, output: "1" }]]);
});

test("a stopped queue sends nothing more, and has no timer", async () => {
  queue.set(web, "1");
  queue.stop();
  queue.set(db, "ok");
  queue.sendAll();
  expect(clock.timerCount).toBe(0);
  await clock.advance(10_000);
  expect(sent).toEqual([]);
});
