/** Why an agent ends: a signal, a client's request over HTTP to leave, or a failure of the agent. */
export type Ending = "SIGINT" | "SIGTERM" | "leave" | "failed";

type Handler = () => void;

/**
 * Handles an agent's signals from the beginning of its start until disposal. A SIGINT, SIGTERM or SIGHUP that arrives before the
 * agent can act on the signal takes effect as soon as the agent can.
 */
export class AgentSignals implements Disposable {
  readonly #handlers: readonly (readonly [NodeJS.Signals, Handler])[];
  readonly #ending = Promise.withResolvers<Ending>();
  readonly #forced = Promise.withResolvers<void>();
  #isEnding = false;
  #isReloadDue = false;
  #reload: Handler = () => void (this.#isReloadDue = true);
  #writeMetrics: Handler = () => {};

  constructor() {
    this.#handlers = [
      ["SIGINT", () => this.#caught("SIGINT")],
      ["SIGTERM", () => this.#caught("SIGTERM")],
      ["SIGHUP", () => this.#reload()],
      ["SIGUSR1", () => this.#writeMetrics()],
    ];
    for (const [name, handler] of this.#handlers) process.on(name, handler);
  }

  /** Resolves with the first reason. */
  get ending(): Promise<Ending> {
    return this.#ending.promise;
  }

  /** Resolves on a second signal. Consul: the second signal ends the agent without waiting for its shutdown. */
  get forced(): Promise<void> {
    return this.#forced.promise;
  }

  /** Resolves `ending` without a signal. */
  end(how: "leave" | "failed"): void {
    this.#ending.resolve(how);
  }

  /** Calls `reload` on each SIGHUP from now on, and at once if one arrived before. */
  onReload(reload: Handler): void {
    this.#reload = reload;
    if (this.#isReloadDue) reload();
  }

  /** Calls `write` on each SIGUSR1 from now on. Earlier signals have no effect, since the agent had no metrics to write. */
  onMetrics(write: Handler): void {
    this.#writeMetrics = write;
  }

  #caught(how: Ending): void {
    if (this.#isEnding) this.#forced.resolve();
    this.#isEnding = true;
    this.#ending.resolve(how);
  }

  [Symbol.dispose](): void {
    for (const [name, handler] of this.#handlers) process.off(name, handler);
  }
}
