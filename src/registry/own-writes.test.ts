import { expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { keySet } from "../../test/support/state.ts";
import type { OperatingError } from "../lib/errors.ts";
import type { Outcome } from "../state/command.ts";
import { OwnWrites } from "./own-writes.ts";

const holdMs = 7_000;
const done: readonly Outcome[] = [{ type: "done" }];

/** Adds a write that the leader of term 1 has received, and records how it ends. */
function sent(own: OwnWrites): (readonly Outcome[] | string)[] {
  const ends: (readonly Outcome[] | string)[] = [];
  own.add([keySet("a", "1")], {
    resolve: (outcomes) => ends.push(outcomes),
    reject: (error) => ends.push((error as OperatingError).code),
  });
  for (const [, write] of own.unsent) Object.assign(write, { place: "leader", term: 1 });
  return ends;
}

test("a write that is sent again in a later term waits no longer than one that is sent once", async () => {
  const clock = new FakeClock();
  const own = new OwnWrites(clock, holdMs);
  const ends = sent(own);
  await clock.advance(holdMs - 1);
  own.endTermsBefore(2);
  expect(own.unsent).toHaveLength(1);
  await clock.advance(1);
  expect(ends).toEqual(["no-leader"]);
});

test("a write that a leader finds in the log has the outcomes of the log, or is sent again if the log has only a later one", () => {
  const own = new OwnWrites(new FakeClock(), holdMs);
  const [first, second] = [sent(own), sent(own)];
  own.noteDone(2, { outcomes: done, term: 1 });
  own.takeAnswer(2, undefined);
  own.takeAnswer(1, undefined);
  expect([first, second]).toEqual([[], [done]]);
  expect(own.unsent.map(([serial]) => serial)).toEqual([3]);
});
