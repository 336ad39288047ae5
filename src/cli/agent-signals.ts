/** What ends an agent. */
export type Ending = "SIGINT" | "SIGTERM" | "leave";

type Handler = () => void;

/**
 * The signals of an agent, from the first moment of its start until this is disposed of. What comes before the agent can
 * do it is done as soon as it can.
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
      ["SIGINT", () => this.#end("SIGINT")],
      ["SIGTERM", () => this.#end("SIGTERM")],
      ["SIGHUP", () => this.#reload()],
      ["SIGUSR1", () => this.#writeMetrics()],
    ];
    for (const [name, handler] of this.#handlers) process.on(name, handler);
  }

  /** What ends the agent first. */
  get ending(): Promise<Ending> {
    return this.#ending.promise;
  }

  /** Resolves when a signal comes while the agent is ending already. Consul: it ends at once then. */
  get forced(): Promise<void> {
    return this.#forced.promise;
  }

  /** Ends the agent as a signal does. */
  leave(): void {
    this.#ending.resolve("leave");
  }

  /** Takes SIGHUP from now on, and at once when one has come before. */
  onReload(reload: Handler): void {
    this.#reload = reload;
    if (this.#isReloadDue) reload();
  }

  /** Takes SIGUSR1 from now on. Before, there are no metrics to write. */
  onMetrics(write: Handler): void {
    this.#writeMetrics = write;
  }

  #end(how: Ending): void {
    if (this.#isEnding) this.#forced.resolve();
    this.#isEnding = true;
    this.#ending.resolve(how);
  }

  [Symbol.dispose](): void {
    for (const [name, handler] of this.#handlers) process.off(name, handler);
  }
}
