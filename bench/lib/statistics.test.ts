import { expect, test } from "bun:test";
import { median, percentile } from "./statistics.ts";

test("the median is the middle value, or the mean of the two middle values", () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([1, 9, 5, 3])).toBe(4);
});

test("a percentile is one of the measured values, without interpolation", () => {
  const values = Array.from({ length: 1_000 }, (_, at) => 1_000 - at);
  expect(percentile(values, 50)).toBe(500);
  expect(percentile(values, 99)).toBe(990);
  expect(percentile([7], 99)).toBe(7);
});
