import { OperatingError } from "../lib/errors.ts";
import type { CheckDefinition, CheckStatus } from "../model/check.ts";
import type { AliasSource } from "./alias.ts";
import type { CheckResult, CheckPlatform } from "./check-runner.ts";
import { startCheck, type StartedCheck } from "./start-check.ts";

export interface RunningChecksOptions {
  readonly platform: CheckPlatform;
  readonly aliasSource: AliasSource;
  /** The function that starts a check; by default startCheck. */
  readonly start?: typeof startCheck;
  readonly report: (checkId: string, result: CheckResult) => void;
}

/**
 * The checks that an agent runs, by their ids.
 *
 * Life cycle: `start` makes a runner for the check's method (start-check.ts, which loads a method's module with the first
 * check that needs it). The runner reports results until `stop`.
 *
 * Invariants:
 * - An id has one runner: starting another check with the id stops the earlier runner.
 * - A runner reports nothing before `start` has returned, and nothing after `stop`.
 * - Runs of one check never overlap, and `stop` ends the run under way with its connection or process.
 */
export class RunningChecks {
  readonly #options: RunningChecksOptions;
  readonly #running = new Map<string, StartedCheck>();

  constructor(options: RunningChecksOptions) {
    this.#options = options;
  }

  /** Starts a check, and stops a running one with the same id. */
  start({ definition }: { readonly definition: CheckDefinition }): void {
    this.stop(definition.id);
    const { platform, aliasSource, report, start = startCheck } = this.#options;
    const started = start(definition, { platform, aliasSource, report: (result) => report(definition.id, result) });
    this.#running.set(definition.id, started);
  }

  /** Stops a check; ignores an unknown id. */
  stop(checkId: string): void {
    this.#running.get(checkId)?.stop();
    this.#running.delete(checkId);
  }

  stopAll(): void {
    for (const checkId of this.#running.keys()) this.stop(checkId);
  }

  /**
   * Runs a check at once; resolves when its result is reported.
   * @throws OperatingError invalid when no check with that id has runs of its own
   */
  async runNow(checkId: string): Promise<void> {
    const check = this.#running.get(checkId);
    if (check?.runNow) return check.runNow();
    const message =
      `the check ${JSON.stringify(checkId)} is not run by the agent: its service reports its status, or it follows ` +
      "other checks or maintenance";
    throw new OperatingError("invalid", "check-not-run", message);
  }

  /**
   * Updates a TTL check, and reports the new status before the call returns.
   * @throws OperatingError not-found when no TTL check has that id
   */
  updateTtl(checkId: string, status: CheckStatus, output: string): void {
    const check = this.#running.get(checkId);
    if (check?.update === undefined) {
      const message = `CheckID ${JSON.stringify(checkId)} does not have associated TTL`;
      throw new OperatingError("not-found", "no-ttl-check", message);
    }
    check.update({ status, output });
  }
}
