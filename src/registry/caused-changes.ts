import type { Cause } from "../model/kv-history.ts";
import type { ValueOrigin } from "../model/value-origin.ts";
import type { Command, Outcome } from "../state/command.ts";
import type { Caller } from "./caller.ts";
import { PassingCaller } from "./passing-caller.ts";
import { PassingRegistry } from "./passing-registry.ts";
import type { Registry } from "./registry.ts";

/** The facts about a request that are kept with its changes of keys. */
export interface ChangeSource {
  readonly cause: Cause;
  readonly origin: ValueOrigin;
}

/**
 * Returns the caller with a registry that adds cause and origin to each change of keys, so that the past of a key tells who changed
 * it and why, and its value where it comes from. Each writing request of each API gets such a caller, so no endpoint can forget it.
 */
export function causingCaller(caller: Caller, source: () => ChangeSource): Caller {
  return new PassingCaller(caller, new CausingRegistry(caller.registry, source));
}

class CausingRegistry extends PassingRegistry {
  readonly #source: () => ChangeSource;

  constructor(registry: Registry, source: () => ChangeSource) {
    super(registry);
    this.#source = source;
  }

  override submit(command: Command): Promise<Outcome> {
    return this.registry.submit(this.#withSource(command));
  }

  override submitTogether(commands: readonly Command[]): Promise<readonly Outcome[]> {
    return this.registry.submitTogether(commands.map((command) => this.#withSource(command)));
  }

  #withSource(command: Command): Command {
    switch (command.type) {
      case "kv-set":
      case "kv-delete":
      case "kv-delete-tree":
      case "kv-lock":
      case "kv-unlock":
      case "kv-set-branch":
      case "kv-delete-branch":
      case "txn":
        return { ...command, ...this.#source() };
      case "kv-rollback":
        return { ...command, cause: { ...this.#source().cause, means: "rollback" }, origin: "rollback" };
      case "kv-reset":
        return { ...command, cause: { ...this.#source().cause, means: "reset" } };
      case "kv-trial-start": {
        const { cause, origin } = this.#source();
        return { ...command, cause: { ...cause, means: "trial" }, origin };
      }
      case "kv-trial-keep":
      case "kv-trial-undo":
        return { ...command, cause: { ...this.#source().cause, means: "trial undone" } };
      default:
        return command;
    }
  }
}
