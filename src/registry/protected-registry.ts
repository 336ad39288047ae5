import type { Command, Outcome } from "../state/command.ts";
import { PassingRegistry } from "./passing-registry.ts";
import type { Registry } from "./registry.ts";
import type { ValueProtection } from "./value-protection.ts";

/**
 * The registry with the protection of operators' values. Everything that serves clients gets a registry on top of this one, as with
 * CheckedRegistry, so no endpoint can forget the protection.
 */
export class ProtectedRegistry extends PassingRegistry {
  readonly #protection: ValueProtection;

  constructor(registry: Registry, protection: ValueProtection) {
    super(registry);
    this.#protection = protection;
  }

  override async submit(command: Command): Promise<Outcome> {
    const outcome = await this.registry.submit(this.#protection.limit(command));
    this.#protection.record(outcome);
    return outcome;
  }

  override async submitTogether(commands: readonly Command[]): Promise<readonly Outcome[]> {
    const outcomes = await this.registry.submitTogether(commands.map((command) => this.#protection.limit(command)));
    for (const outcome of outcomes) this.#protection.record(outcome);
    return outcomes;
  }
}
