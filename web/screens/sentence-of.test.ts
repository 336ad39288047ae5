import { expect, test } from "bun:test";
import { sentenceOf } from "./sentence-of.ts";

const none = { critical: 0, maintenance: 0, warning: 0, passing: 0 };

test.each([
  [none, "No service is registered yet."],
  [{ ...none, passing: 1 }, "The only service is passing."],
  [{ ...none, passing: 14 }, "All 14 services are passing."],
  [{ ...none, critical: 1, passing: 2 }, "1 of 3 services is critical."],
  [
    { critical: 2, maintenance: 1, warning: 1, passing: 10 },
    "2 of 14 services are critical, 1 is in maintenance, 1 is in warning.",
  ],
  [{ ...none, warning: 2 }, "2 of 2 services are in warning."],
])("the sentence of %p is %p", (counts, sentence) => {
  expect(sentenceOf(counts)).toBe(sentence);
});

test("the sentence says since when the worst status lasts", () => {
  const sinceMs = new Date().setHours(0, 0, 0, 0);
  expect(sentenceOf({ ...none, critical: 1, warning: 1 }, sinceMs)).toBe(
    "1 of 2 services is critical since 00:00, 1 is in warning.",
  );
  expect(sentenceOf({ ...none, critical: 1 }, Date.UTC(2024, 4, 3, 12))).toMatch(/critical since .*2024/);
});
