import { describe, expect, test } from "bun:test";
import { OperatingError } from "../lib/errors.ts";
import { createLog } from "../lib/log.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { noMeter, type StoreMeter } from "./write-queue.ts";
import { logWriteTrouble } from "./write-trouble.ts";

const full = new OperatingError("unavailable", "disk-full", "the disk is full");
const broken = new OperatingError("unavailable", "disk-error", "the disk is broken");

interface LoggedMeter {
  readonly meter: StoreMeter;
  readonly clock: FakeClock;
  /** The level and the message of each logged line. */
  readonly lines: string[];
}

function openMeter(): LoggedMeter {
  const clock = new FakeClock();
  const lines: string[] = [];
  const sink = (line: string): void => void lines.push(line.replace(/^\S+ /, ""));
  const log = createLog({ level: "info", json: false, sink, clock }, "store");
  return { meter: logWriteTrouble(noMeter, clock, log), clock, lines };
}

describe("a disk that refuses writes", () => {
  test("is logged once, and once more when the reason changes", () => {
    const { meter, lines } = openMeter();
    for (const error of [full, full, full, broken, broken]) meter.refused(error);
    expect(lines).toEqual([
      '[ERROR] store: Writes are refused; reads, DNS and checks go on: error="the disk is full"',
      '[ERROR] store: Writes are refused; reads, DNS and checks go on: error="the disk is broken"',
    ]);
  });

  test("and accepts some writes in between is not logged again at each failure", async () => {
    const { meter, clock, lines } = openMeter();
    for (let time = 0; time < 10; time++) {
      meter.refused(full);
      await clock.advance(1_000);
      meter.committed(1);
    }
    expect(lines).toHaveLength(1);
  });

  test("is logged as recovered with the number of refused batches, and then its next failure is logged again", async () => {
    const { meter, clock, lines } = openMeter();
    meter.refused(full);
    meter.refused(full);
    await clock.advance(5_000);
    meter.committed(1);
    meter.committed(1);
    meter.refused(full);
    expect(lines.slice(1)).toEqual([
      "[INFO]  store: Writes succeed again: refused_batches=2",
      '[ERROR] store: Writes are refused; reads, DNS and checks go on: error="the disk is full"',
    ]);
  });
});
