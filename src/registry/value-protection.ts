import type { Log } from "../lib/log.ts";
import type { Meter } from "../lib/metrics.ts";
import { isPushed } from "../model/value-origin.ts";
import type { Command, Outcome } from "../state/command.ts";

interface ValueProtectionOptions {
  readonly log: Log;
  /** Counts the writes of services that were left out. */
  readonly spared: Meter;
}

/** Maximum number of keys that are logged. */
const loggedMax = 10_000;

/**
 * Protects the values of operators below some prefixes against services that push their configuration. The command of a service
 * gets these prefixes, and the state leaves the values when it runs the command, so no write comes between. A value that is
 * left in place is counted, and logged once for each key.
 */
export class ValueProtection {
  readonly #options: ValueProtectionOptions;
  readonly #logged = new Set<string>();
  #prefixes: readonly string[] = [];

  constructor(options: ValueProtectionOptions) {
    this.#options = options;
  }

  /** Replaces the prefixes. @param prefixes none for no protection */
  use(prefixes: readonly string[]): void {
    this.#prefixes = prefixes;
    this.#logged.clear();
  }

  /** Returns the command with the protected prefixes if it writes values of a service, else the command. */
  limit(command: Command): Command {
    const isOfService = "origin" in command && command.origin !== undefined && isPushed(command.origin);
    return isOfService && this.#prefixes.length > 0 ? { ...command, sparing: this.#prefixes } : command;
  }

  /** Counts and logs the keys that a command has left as they are. */
  record({ spared = [] }: Outcome): void {
    for (const key of spared) {
      this.#options.spared.add(1);
      if (this.#logged.has(key) || this.#logged.size >= loggedMax) continue;
      this.#logged.add(key);
      this.#options.log.warn("A service has pushed a value, and the operator's value was left in place", { key });
    }
  }
}
