import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { CheckStatus } from "../model/check.ts";

/** The result of one run of a check, before the thresholds are applied. */
export interface CheckResult {
  readonly status: CheckStatus;
  readonly output: string;
}

/** Receives each result of a check that counts after the thresholds were applied. Its output is within the limit. */
export type ReportCheck = (result: CheckResult) => void;

/** A running check. */
export interface CheckRunner {
  /** Stops the check: drops the result of a run under way and kills a script's process group. Idempotent. */
  stop(): void;
}

/** The time and randomness that a runner uses. */
export interface CheckPlatform {
  readonly clock: Clock;
  readonly random: Random;
}
