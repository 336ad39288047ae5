import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { CheckStatus } from "../model/check.ts";

/** The result of one run of a check, before the thresholds are applied. */
export interface CheckResult {
  readonly status: CheckStatus;
  readonly output: string;
}

/** Called with each result that counts: the thresholds are applied, and the output is cut to its limit. */
export type ReportCheck = (result: CheckResult) => void;

/** A running check. */
export interface CheckRunner {
  /** Idempotent. Drops the result of a run under way; kills a script's process group. */
  stop(): void;
}

/** The time and randomness that a runner uses. */
export interface CheckPlatform {
  readonly clock: Clock;
  readonly random: Random;
}
