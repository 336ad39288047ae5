import type { AliasSource } from "../checks/alias.ts";
import type { CheckResult, CheckWorld } from "../checks/check-runner.ts";
import { startCheck, type StartedCheck } from "../checks/start-check.ts";
import { OperatingError } from "../lib/errors.ts";
import type { CheckStatus } from "../model/check.ts";
import type { LocalCheck } from "./registrations.ts";

/** Runs the checks of this agent, each by its method, and reports what they find. */
export class LocalChecks {
  readonly #world: CheckWorld;
  readonly #aliases: AliasSource;
  readonly #report: (checkId: string, result: CheckResult) => void;
  readonly #running = new Map<string, StartedCheck>();

  constructor(
    world: CheckWorld,
    options: {
      readonly aliases: AliasSource;
      readonly report: (checkId: string, result: CheckResult) => void;
    },
  ) {
    this.#world = world;
    this.#aliases = options.aliases;
    this.#report = options.report;
  }

  start({ definition }: LocalCheck): void {
    const { id } = definition;
    this.stop(id);
    const report = (result: CheckResult): void => this.#report(id, result);
    this.#running.set(id, startCheck(definition, { world: this.#world, aliasSource: this.#aliases, report }));
  }

  stop(checkId: string): void {
    this.#running.get(checkId)?.stop();
    this.#running.delete(checkId);
  }

  updateTtl(checkId: string, status: CheckStatus, output: string): void {
    const check = this.#running.get(checkId);
    if (!check?.update) throw noTtlCheck(checkId);
    check.update({ status, output });
  }
}

/** Consul's words, for a check that is not there as for one of another kind. */
function noTtlCheck(checkId: string): OperatingError {
  const message = `CheckID ${JSON.stringify(checkId)} does not have associated TTL`;
  return new OperatingError("not-found", "no-ttl-check", message);
}
