import type { CheckResult } from "../../../src/checks/check-runner.ts";
import { runPeriodically } from "../../../src/checks/periodic.ts";
import { startCheck, type StartCheckOptions, type StartedCheck } from "../../../src/checks/start-check.ts";
import { withThresholds } from "../../../src/checks/thresholds.ts";
import { sleep, type Clock } from "../../../src/lib/clock.ts";
import type { CheckDefinition, CheckMethod, CheckStatus } from "../../../src/model/check.ts";
import type { FakeRandom } from "../fake-random.ts";

/** How a service answers its check. */
export type Condition = "up" | "slow" | "busy" | "down";

const answers: Readonly<Record<Condition, { readonly status: CheckStatus; readonly afterMsMax: number }>> = {
  up: { status: "passing", afterMsMax: 40 },
  slow: { status: "critical", afterMsMax: 12_000 },
  busy: { status: "warning", afterMsMax: 400 },
  down: { status: "critical", afterMsMax: 5 },
};

/** The targets of the agent's checks: services that are healthy or not, as the simulation decides. */
export class SimulatedServices {
  readonly #random: FakeRandom;
  readonly #conditions = new Map<string, Condition>();
  /** By check id: the last result that the check reported since it was started. */
  readonly lastResults: Map<string, CheckStatus> = new Map();

  constructor(random: FakeRandom) {
    this.#random = random;
  }

  /**
   * Returns how the target answers its check.
   * @param target the URL or address in the check's definition
   */
  condition(target: string): Condition {
    return this.#conditions.get(target) ?? "up";
  }

  change(target: string, condition: Condition): void {
    this.#conditions.set(target, condition);
  }

  /** Replaces the check runners that use the network; the other runners are the product's. */
  readonly startCheck = (definition: CheckDefinition, options: StartCheckOptions): StartedCheck => {
    this.lastResults.delete(definition.id);
    const report = (result: CheckResult): void => {
      this.lastResults.set(definition.id, result.status);
      options.report(result);
    };
    const { method } = definition;
    if (!isRepeated(method)) return startCheck(definition, { ...options, report });
    const { platform } = options;
    const ask = (signal: AbortSignal): Promise<CheckResult> => this.#ask(targetOf(method), platform.clock, signal);
    return runPeriodically(ask, {
      platform,
      intervalMs: method.intervalMs,
      report: withThresholds(definition, report),
    });
  };

  async #ask(target: string, clock: Clock, signal: AbortSignal): Promise<CheckResult> {
    const { status, afterMsMax } = answers[this.condition(target)];
    await sleep(clock, this.#random.uniform() * afterMsMax, signal);
    return { status, output: `${target} is ${status}` };
  }
}

type RepeatedMethod = Extract<CheckMethod, { readonly intervalMs: number }>;

function isRepeated(method: CheckMethod): method is RepeatedMethod {
  return "intervalMs" in method;
}

function targetOf(method: RepeatedMethod): string {
  if ("url" in method) return method.url;
  return "address" in method ? method.address : method.kind;
}
