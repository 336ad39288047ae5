import type { Command, Outcome } from "../state/command.ts";
import { PassingRegistry } from "./passing-registry.ts";
import type { Registry } from "./registry.ts";
import type { ValueChecks } from "./value-checks.ts";

/**
 * The registry with the checks of values. Everything that serves clients gets a registry on top of this one, as with GuardedRegistry, so
 * no endpoint can forget the checks. A transaction, and commands that are submitted together, are refused whole.
 */
export class CheckedRegistry extends PassingRegistry {
  readonly #checks: ValueChecks;
  readonly #writer: "client" | "agent";

  /** @param writer who writes through this registry */
  constructor(registry: Registry, checks: ValueChecks, writer: "client" | "agent") {
    super(registry);
    this.#checks = checks;
    this.#writer = writer;
  }

  override submit(command: Command): Promise<Outcome> {
    const refusal = this.#checks.refusalOf([command], this.#writer);
    return refusal ? Promise.reject(refusal) : this.registry.submit(command);
  }

  override submitTogether(commands: readonly Command[]): Promise<readonly Outcome[]> {
    const refusal = this.#checks.refusalOf(commands, this.#writer);
    return refusal ? Promise.reject(refusal) : this.registry.submitTogether(commands);
  }

  override submitAsLeader(command: Command): Promise<Outcome> {
    const refusal = this.#checks.refusalOf([command], this.#writer);
    return refusal ? Promise.reject(refusal) : this.registry.submitAsLeader(command);
  }
}
