import type { Clock, Timer } from "../lib/clock.ts";
import type { CheckOutput, CheckOutputs } from "./catalog-calls.ts";

/** Time between two sends, in milliseconds. */
const pauseMs = 1_000;

/**
 * The newest outputs of the checks of one agent, which it tells to others. Outputs that change within a second are sent together,
 * each in its newest form.
 */
export class OutputQueue {
  readonly #clock: Clock;
  readonly #send: (outputs: CheckOutputs) => void;
  /** The newest outputs by check id, which a server that has just been joined does not know. */
  readonly #outputs = new Map<string, CheckOutput>();
  /** The ids of the checks whose outputs are not sent yet. */
  readonly #unsent = new Set<string>();
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(clock: Clock, send: (outputs: CheckOutputs) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  set({ id, serviceName }: { readonly id: string; readonly serviceName: string }, output: string): void {
    if (this.#outputs.get(id)?.output === output) return;
    this.#outputs.set(id, { id, serviceName, output });
    this.#sendSoon(id);
  }

  delete(id: string): void {
    if (this.#outputs.delete(id)) this.#sendSoon(id);
  }

  /** Sends all outputs, to a server that has none of them. */
  sendAll(): void {
    for (const id of this.#outputs.keys()) this.#sendSoon(id);
  }

  /** Sends no more outputs. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #sendSoon(id: string): void {
    if (this.#isStopped) return;
    this.#unsent.add(id);
    this.#timer ??= this.#clock.schedule(pauseMs, () => {
      this.#timer = undefined;
      const unsent = [...this.#unsent].map((each) => this.#outputs.get(each) ?? { id: each, serviceName: "" });
      this.#unsent.clear();
      this.#send(unsent);
    });
  }
}
