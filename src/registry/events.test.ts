import { describe, expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { settle } from "../../test/support/settle.ts";
import { Meter } from "../lib/metrics.ts";
import type { Event } from "../model/event.ts";
import { Events } from "./events.ts";

function eventNamed(name: string, id = "00000000-0000-0000-0000-000000000002"): Event {
  return { id, name, payload: new Uint8Array(), nodeFilter: "", serviceFilter: "", tagFilter: "", time: 0 };
}

/** Returns whether a blocking query with the index of the empty list still waits after `act`. */
async function waitsAfter(
  act: (parts: { events: Events; clock: FakeClock; leave: () => void }) => void,
): Promise<boolean> {
  const parts = { events: new Events(new Meter("events", {})), clock: new FakeClock() };
  const client = new AbortController();
  let waits = true;
  const { signal } = client;
  void parts.events.waitForOther("deploy", { index: 1n, waitMs: 1_000, signal, clock: parts.clock }).then(() => {
    waits = false;
  });
  act({ ...parts, leave: () => client.abort() });
  await settle();
  return waits;
}

describe("a blocking query for user events", () => {
  test("keeps waiting when an event of another name or for other agents arrives", async () => {
    expect(await waitsAfter(() => {})).toBe(true);
    expect(await waitsAfter(({ events }) => events.fire(eventNamed("other"), { remember: true }))).toBe(true);
    expect(await waitsAfter(({ events }) => events.fire(eventNamed("deploy"), { remember: false }))).toBe(true);
  });

  test("ends when an event of its name arrives, its wait time is over, its client disconnects or the agent stops", async () => {
    expect(await waitsAfter(({ events }) => events.fire(eventNamed("deploy"), { remember: true }))).toBe(false);
    expect(await waitsAfter(({ clock }) => clock.advance(1_000))).toBe(false);
    expect(await waitsAfter(({ leave }) => leave())).toBe(false);
    expect(await waitsAfter(({ events }) => events.close())).toBe(false);
  });

  test("returns at once after the agent has stopped", async () => {
    expect(
      await waitsAfter(({ events, clock }) => {
        events.close();
        expect(clock.timerCount).toBe(0);
      }),
    ).toBe(false);
  });
});

test("a user event for other agents advances the Lamport time too", () => {
  const events = new Events(new Meter("events", {}));
  events.fire(eventNamed("deploy"), { remember: false });
  events.fire(eventNamed("deploy"), { remember: true });
  expect(events.list("deploy").map(({ time }) => time)).toEqual([3]);
});
