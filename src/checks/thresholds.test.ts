import { expect, test } from "bun:test";
import fc from "fast-check";
import { checkStatuses, type CheckStatus } from "../model/check.ts";
import { withThresholds, type Thresholds } from "./thresholds.ts";

/** Returns the positions in `statuses` of the results that the thresholds let through. */
function reported(statuses: readonly CheckStatus[], thresholds: Thresholds): number[] {
  const places: number[] = [];
  let place = 0;
  const count = withThresholds(thresholds, () => places.push(place));
  for (; place < statuses.length; place += 1) count({ status: statuses[place] ?? "critical", output: "" });
  return places;
}

test("a critical result is reported once as many critical results as the threshold came in a row; likewise other results", () => {
  const threshold = fc.nat(4);
  const statuses = fc.array(fc.constantFrom(...checkStatuses), { maxLength: 30 });
  fc.assert(
    fc.property(statuses, threshold, threshold, (results, successBeforePassing, failuresBeforeCritical) => {
      const isCritical = results.map((status) => status === "critical");
      // Before the first result, each group of statuses (critical, not critical) counts as having reached its threshold.
      const expected = results.flatMap((_status, place) => {
        const needed = isCritical[place] ? failuresBeforeCritical : successBeforePassing;
        const run = place - isCritical.lastIndexOf(!isCritical[place], place);
        const reachesBack = run === place + 1;
        return reachesBack || run >= needed ? [place] : [];
      });
      expect(reported(results, { successBeforePassing, failuresBeforeCritical })).toEqual(expected);
    }),
  );
});

test("with thresholds of 0 or 1 every result of a check is reported", () => {
  const statuses: CheckStatus[] = ["passing", "critical", "warning", "critical"];
  expect(reported(statuses, { successBeforePassing: 0, failuresBeforeCritical: 0 })).toEqual([0, 1, 2, 3]);
  expect(reported(statuses, { successBeforePassing: 1, failuresBeforeCritical: 1 })).toEqual([0, 1, 2, 3]);
});

// Behaviour of Consul 1.8.7 with both thresholds at 2 and at 3.
test("with a threshold of 2 or 3 a check changes its status at the second or third result in a row that differs from it", () => {
  const statuses: CheckStatus[] = ["critical", "passing", "passing", "passing", "critical", "critical", "critical"];
  expect(reported(statuses, { successBeforePassing: 2, failuresBeforeCritical: 2 })).toEqual([0, 2, 3, 5, 6]);
  expect(reported(statuses, { successBeforePassing: 3, failuresBeforeCritical: 3 })).toEqual([0, 3, 6]);
});

test("results with the status warning count towards the threshold for passing", () => {
  const statuses: CheckStatus[] = ["critical", "warning", "passing"];
  expect(reported(statuses, { successBeforePassing: 2, failuresBeforeCritical: 0 })).toEqual([0, 2]);
});
