import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { CheckStatus } from "../model/check.ts";
import type { CheckTls } from "./check-tls.ts";

/** The result of one run of a check, before the thresholds are applied. */
export interface CheckResult {
  readonly status: CheckStatus;
  readonly output: string;
}

/** Receives each result that remains after the thresholds are applied. Its output is no longer than the check's limit. */
export type ReportCheck = (result: CheckResult) => void;

/** A running check. */
export interface CheckRunner {
  /** Stops the check: drops the result of a run under way and kills a script's process group. Idempotent. */
  stop(): void;
  /**
   * Runs the check at once, unless a run is under way, and resolves when the run has ended and its result is reported. Later runs are
   * due as before. Absent for a check that has no runs of its own: its service reports, or it follows other checks.
   */
  readonly runNow?: () => Promise<void>;
}

/** The clock and the source of random numbers that a running check uses. */
export interface CheckPlatform {
  readonly clock: Clock;
  readonly random: Random;
  /** Returns the agent's TLS, for the next run of a check; undefined or absent if checks do not use it. */
  readonly agentTls?: () => CheckTls | undefined;
}
