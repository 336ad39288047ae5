import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { CheckStatus } from "../model/check.ts";

/** One outcome of a check, before the success and failure thresholds. */
export interface CheckResult {
  readonly status: CheckStatus;
  readonly output: string;
}

/** Called with each outcome that counts: thresholds are applied, output is cut to its limit. */
export type ReportCheck = (result: CheckResult) => void;

/** A check that is being run. */
export interface CheckRunner {
  /** Idempotent. A result still under way is dropped; a script's process group is killed. */
  stop(): void;
}

/** What a runner needs of the world. */
export interface CheckWorld {
  readonly clock: Clock;
  readonly random: Random;
}
