import { expect, test } from "bun:test";
import { sentenceBetween } from "./sentence-between.ts";

function failing(critical: readonly string[], warning: readonly string[] = []): Parameters<typeof sentenceBetween>[0] {
  return { critical: new Set(critical), warning: new Set(warning) };
}

test.each([
  [failing([]), failing([]), undefined],
  [failing(["a"]), failing(["a"]), undefined],
  [failing([]), failing(["edgex-core-data"]), "edgex-core-data is critical"],
  [failing(["a", "b"]), failing(["a"]), "b is no longer failing"],
  [failing(["a"]), failing([], ["a"]), "a is in warning"],
  [failing([], ["a"]), failing(["a"]), "a is critical"],
  [failing(["a"], ["b"]), failing(["c", "d", "e"]), "3 are critical, 2 are no longer failing"],
])("the sentence between %p and %p is %p", (before, now, sentence) => {
  expect(sentenceBetween(before, now)).toBe(sentence);
});
