import type { CheckResult, CheckRunner, CheckPlatform, ReportCheck } from "../../src/checks/check-runner.ts";
import type { CheckTls } from "../../src/checks/check-tls.ts";
import { FakeClock } from "./fake-clock.ts";

export interface TrialOptions {
  readonly platform: CheckPlatform;
  readonly intervalMs: number;
  readonly outputBytesMax: number;
  readonly report: ReportCheck;
}

export interface CheckTrialOptions {
  readonly outputBytesMax?: number;
  /** The agent's TLS; without it, checks use the system's. */
  readonly agentTls?: CheckTls;
}

const intervalMs = 10_000;
const firstRunMs = 5_000;

/** Runs a check on a clock that only the test moves, and records each result that the check reports. */
export class CheckTrial {
  readonly clock: FakeClock = new FakeClock();
  readonly results: CheckResult[] = [];
  readonly runner: CheckRunner;
  #wake: () => void = () => {};

  constructor(start: (options: TrialOptions) => CheckRunner, options?: CheckTrialOptions) {
    this.runner = start({
      platform: {
        ...{ clock: this.clock, random: { uniform: () => firstRunMs / intervalMs, uuid: () => "" } },
        agentTls: () => options?.agentTls,
      },
      intervalMs,
      outputBytesMax: options?.outputBytesMax ?? 4096,
      report: (result) => {
        this.results.push(result);
        this.#wake();
      },
    });
  }

  /** Advances the clock to the start of the check's first run. */
  async startRun(): Promise<void> {
    await this.clock.advance(firstRunMs);
  }

  /** Resolves with the oldest result that no call has returned yet, and waits for one if necessary. */
  async result(): Promise<CheckResult> {
    for (;;) {
      const result = this.results.shift();
      if (result !== undefined) return result;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** Runs a check once, stops it, and returns its first result. */
export async function firstResult(
  start: (options: TrialOptions) => CheckRunner,
  options?: CheckTrialOptions,
): Promise<CheckResult> {
  const trial = new CheckTrial(start, options);
  try {
    await trial.startRun();
    return await trial.result();
  } finally {
    trial.runner.stop();
  }
}
