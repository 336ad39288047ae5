import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { patienceMs } from "../../test/support/patience.ts";
import { formatDuration, parseDuration, parseDurationWithDays } from "./duration.ts";
import { OperatingError } from "./errors.ts";

/** Durations in nanoseconds, up to 104 days. Up to this limit, milliseconds as a number are exact to the nanosecond. */
const nanoseconds = fc.integer({ min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });

describe("a duration in Go's format", () => {
  test.each([
    ["0", 0],
    ["+0", 0],
    ["0s", 0],
    ["10s", 10_000],
    ["1h30m", 5_400_000],
    ["1.5s", 1_500],
    [".5s", 500],
    ["1.s", 1_000],
    ["-2ms", -2],
    ["+2ms", 2],
    ["1m1m", 120_000],
    ["3us", 0.003],
    ["3µs", 0.003],
    ["3μs", 0.003],
    ["7ns", 7e-6],
    ["2562047h", 2_562_047 * 3_600_000],
  ])("written as %s is %d ms", (text, ms) => {
    expect(parseDuration(text)).toBeCloseTo(ms, 9);
  });

  test.each([
    ["", 'time: invalid duration ""'],
    ["-", 'time: invalid duration "-"'],
    ["abc", 'time: invalid duration "abc"'],
    [".s", 'time: invalid duration ".s"'],
    ["1..s", 'time: missing unit in duration "1..s"'],
    ["--1s", 'time: invalid duration "--1s"'],
    ["10", 'time: missing unit in duration "10"'],
    ["1h10", 'time: missing unit in duration "1h10"'],
    ["3d", 'time: unknown unit "d" in duration "3d"'],
    ["10 s", 'time: unknown unit " s" in duration "10 s"'],
    ["10S", 'time: unknown unit "S" in duration "10S"'],
    ["9999999h", 'time: invalid duration "9999999h"'],
  ])("written as %p is refused with Go's error text", (text, message) => {
    expect(refusalOf(text)).toMatchObject({ kind: "invalid", message });
  });

  test.each([
    [0, "0s"],
    [250, "250ms"],
    [1_500, "1.5s"],
    [10_000, "10s"],
    [60_000, "1m0s"],
    [3_600_000, "1h0m0s"],
    [90_061_500, "25h1m1.5s"],
    [0.003, "3µs"],
    [0.0015, "1.5µs"],
    [7e-6, "7ns"],
    [-1_500, "-1.5s"],
  ])("of %d ms is formatted as %s, as in Go", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test("that is formatted parses to the same value within two nanoseconds", () => {
    fc.assert(
      fc.property(nanoseconds, (ns) => {
        const read = parseDuration(formatDuration(ns / 1e6));
        expect(Math.round(read * 1e6)).toBeWithin(ns - 2, ns + 3);
      }),
    );
  });

  test("written as any text parses or throws an OperatingError, never another error", () => {
    const unit = fc.constantFrom("1", "0", ".", "-", "+", "h", "m", "s", "n", "u", "µ", " ", "x");
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 8 }), (text) => {
        const refused = refusalOf(text);
        if (refused === undefined) expect(Number.isFinite(parseDuration(text))).toBe(true);
        else expect(refused).toBeInstanceOf(OperatingError);
      }),
    );
  });
});

describe("a duration that may have days, as in EdgeX,", () => {
  test.each([
    ["1d", 86_400_000],
    ["0.5d", 43_200_000],
    ["1d12h", 129_600_000],
    ["1h1d", 90_000_000],
    ["1d1d", 172_800_000],
    ["10s", 10_000],
    ["0d", 0],
  ])("written as %s is %d ms", (text, ms) => {
    expect(parseDurationWithDays(text)).toBe(ms);
  });

  test.each(["", "d", "1", "-1d", "1e3d", "1 d", "1D", "200000d", "1d-"])("written as %p is refused", (text) => {
    expect(refusalOf(text, parseDurationWithDays)).toMatchObject({ kind: "invalid", code: "invalid-duration" });
  });
});

test("a text of 20,000 digits is refused as a duration in linear time, whether days are allowed or not", () => {
  const startMs = performance.now();
  const digits = "8".repeat(20_000);
  expect(() => parseDurationWithDays(digits)).toThrow("missing unit");
  expect(() => parseDuration(digits)).toThrow("missing unit");
  expect(performance.now() - startMs).toBeLessThan(patienceMs(1_000));
});

function refusalOf(text: string, parse: (text: string) => number = parseDuration): unknown {
  try {
    parse(text);
    return undefined;
  } catch (error) {
    return error;
  }
}
