import type { ConfigurationClient } from "../../../src/client/configuration-client.ts";
import { applyEnvironment, type Writable } from "./configuration.ts";
import type { ServiceLog } from "./log.ts";

/** Holds the present section Writable, follows its changes in the store, and applies the log level at once. */
export class LiveWritable {
  readonly #log: ServiceLog;
  #current: Writable;
  #stop: (() => void) | undefined;

  constructor(initial: Writable, log: ServiceLog) {
    this.#log = log;
    this.#current = initial;
    log.level = initial.LogLevel;
  }

  get current(): Writable {
    return this.#current;
  }

  /**
   * Follows changes in the store, also after the agent was unreachable. Geneva ignores the first update, and loses the
   * environment's overrides at later ones. This service applies every update and keeps the overrides, so a change during the
   * start has an effect.
   */
  follow(store: ConfigurationClient | undefined): void {
    const watch = store?.watchForChanges("Writable", {
      defaults: this.#current,
      onUpdate: (update) => this.#apply(applyEnvironment(update, process.env, "Writable")),
      onError: (error) => this.#log.error(`watching Writable: ${error.message}`),
    });
    this.#stop = () => watch?.stop();
  }

  stop(): void {
    this.#stop?.();
  }

  #apply(update: Writable): void {
    if (Bun.deepEquals(update, this.#current)) return;
    this.#current = update;
    this.#log.level = update.LogLevel;
    this.#log.info(
      `Writable configuration has been updated from the configuration provider: ${JSON.stringify(update)}`,
    );
  }
}
