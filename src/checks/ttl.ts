import { Countdown } from "../lib/countdown.ts";
import type { CheckMethod } from "../model/check.ts";
import type { CheckResult, CheckRunner, CheckPlatform, ReportCheck } from "./check-runner.ts";
import { limitReportedOutput } from "./limit-output.ts";

export type TtlMethod = Extract<CheckMethod, { kind: "ttl" }>;

export interface TtlOptions {
  readonly platform: CheckPlatform;
  readonly outputBytesMax: number;
  readonly report: ReportCheck;
}

/** A check whose status the service itself reports, and which turns critical when no report comes within the TTL. */
export interface TtlRunner extends CheckRunner {
  /** Reports the service's result before the call returns, and restarts the TTL. Has no effect after stop. */
  update(result: CheckResult): void;
}

/** Starts a TTL check. The TTL counts from now, on the monotonic clock. */
export function startTtlCheck(method: TtlMethod, options: TtlOptions): TtlRunner {
  return new TtlCheck(method.ttlMs, options);
}

class TtlCheck implements TtlRunner {
  readonly #outputBytesMax: number;
  readonly #report: ReportCheck;
  #lastOutput = "";
  #stopped = false;
  readonly #ttl: Countdown;

  constructor(ttlMs: number, options: TtlOptions) {
    this.#outputBytesMax = options.outputBytesMax;
    this.#report = options.report;
    this.#ttl = new Countdown(options.platform.clock, ttlMs, () => this.#expire());
  }

  update(result: CheckResult): void {
    if (this.#stopped) return;
    this.#ttl.restart();
    this.#lastOutput = limitReportedOutput(result.output, this.#outputBytesMax);
    this.#report({ status: result.status, output: this.#lastOutput });
  }

  stop(): void {
    this.#stopped = true;
    this.#ttl.cancel();
  }

  #expire(): void {
    this.#report({ status: "critical", output: this.#expiredOutput() });
  }

  #expiredOutput(): string {
    if (this.#lastOutput === "") return "TTL expired";
    return `TTL expired (last output before timeout follows): ${this.#lastOutput}`;
  }
}
