import type { CheckResult, CheckRunner, CheckPlatform, ReportCheck } from "../../src/checks/check-runner.ts";
import { FakeClock } from "./fake-clock.ts";

export interface TrialOptions {
  readonly platform: CheckPlatform;
  readonly intervalMs: number;
  readonly outputBytesMax: number;
  readonly report: ReportCheck;
}

const intervalMs = 10_000;
const firstRunMs = 5_000;

/** A check that runs on a clock that only the test advances, with everything it reported. */
export class CheckTrial {
  readonly clock: FakeClock = new FakeClock();
  readonly results: CheckResult[] = [];
  readonly runner: CheckRunner;
  #wake: () => void = () => {};

  constructor(start: (options: TrialOptions) => CheckRunner, options?: { readonly outputBytesMax?: number }) {
    this.runner = start({
      platform: { clock: this.clock, random: { uniform: () => firstRunMs / intervalMs, uuid: () => "" } },
      intervalMs,
      outputBytesMax: options?.outputBytesMax ?? 4096,
      report: (result) => {
        this.results.push(result);
        this.#wake();
      },
    });
  }

  /** Moves time to where the first run has just begun. */
  async startRun(): Promise<void> {
    await this.clock.advance(firstRunMs);
  }

  /** What the run that is under way reports. */
  async result(): Promise<CheckResult> {
    for (;;) {
      const result = this.results.shift();
      if (result !== undefined) return result;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** The first result of a check, which is stopped afterwards. */
export async function firstResult(
  start: (options: TrialOptions) => CheckRunner,
  options?: { readonly outputBytesMax?: number },
): Promise<CheckResult> {
  const trial = new CheckTrial(start, options);
  try {
    await trial.startRun();
    return await trial.result();
  } finally {
    trial.runner.stop();
  }
}
