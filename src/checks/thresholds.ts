import type { CheckDefinition } from "../model/check.ts";
import type { ReportCheck } from "./check-runner.ts";

export type Thresholds = Pick<CheckDefinition, "successBeforePassing" | "failuresBeforeCritical">;

/**
 * Lets a result through once enough of its sort have come in a row. Passing and warning are one sort, critical the
 * other; a result held back changes nothing, its output included.
 *
 * Consul: the first result counts at once, whatever the thresholds, so that a check says something true soon after it
 * was registered. The property test "agrees with counting backwards" shows all of it.
 */
export function withThresholds(thresholds: Thresholds, report: ReportCheck): ReportCheck {
  let successes = thresholds.successBeforePassing;
  let failures = thresholds.failuresBeforeCritical;
  return (result) => {
    if (result.status === "critical") {
      successes = 0;
      failures += 1;
      if (failures >= thresholds.failuresBeforeCritical) report(result);
    } else {
      failures = 0;
      successes += 1;
      if (successes >= thresholds.successBeforePassing) report(result);
    }
  };
}
