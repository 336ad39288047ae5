import type { CheckDefinition } from "../model/check.ts";
import type { ReportCheck } from "./check-runner.ts";

export type Thresholds = Pick<CheckDefinition, "successBeforePassing" | "failuresBeforeCritical">;

/**
 * Returns a callback that reports a result once enough results of its group have come in a row. Passing and warning form
 * one group, critical the other. The callback drops a result below the threshold, including its output.
 *
 * Consul: the first result counts at once, whatever the thresholds, so that a new check soon has its real status.
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
