import type { Clock } from "../lib/clock.ts";
import type { Meter } from "../lib/metrics.ts";
import { eventIndex, type Event } from "../model/event.ts";

export interface EventWait {
  /** The index of the list that the client has. */
  readonly index: bigint;
  readonly waitMs: number;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** Consul: so many are remembered; the oldest makes room for the next. */
const eventsMax = 256;

/** Consul: the index of a list without events; 0 would not wait. */
const emptyIndex = 1n;

/**
 * The last events, in memory only: an agent that starts has none. Whoever waits is woken by each event, looks whether
 * the list that it asked for ends in another one now, and waits again if it does not.
 */
export class Events {
  #events: readonly Event[] = [];
  readonly #waiters = new Set<() => void>();
  /** Consul: the first two counts are a server's own. */
  #time = 2;
  #closed = false;
  readonly #fired: Meter;

  /** @param fired counts the events */
  constructor(fired: Meter) {
    this.#fired = fired;
  }

  /** The count that the next event will have. */
  get time(): number {
    return this.#time;
  }

  /** Counts the event and, if it is meant for this agent, remembers it. */
  fire(event: Event, { remember }: { readonly remember: boolean }): void {
    const time = this.#time;
    this.#time += 1;
    this.#fired.add(1);
    if (!remember) return;
    this.#events = [...this.#events, { ...event, time }].slice(-eventsMax);
    this.#wake();
  }

  /** Oldest first; with a name only those of that name. */
  list(name: string): readonly Event[] {
    return name === "" ? this.#events : this.#events.filter((event) => event.name === name);
  }

  indexOf(name: string): bigint {
    const last = this.#events.findLast((event) => name === "" || event.name === name);
    return last ? eventIndex(last) : emptyIndex;
  }

  /** Resolves when the list has another index than the client's, the time is over, or the client or the agent goes. */
  waitForOther(name: string, { index, waitMs, signal, clock }: EventWait): Promise<void> {
    if (this.#closed || signal.aborted || this.indexOf(name) !== index) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        this.#waiters.delete(look);
        timer.cancel();
        signal.removeEventListener("abort", end);
        resolve();
      };
      const look = (): void => {
        if (this.#closed || this.indexOf(name) !== index) end();
      };
      this.#waiters.add(look);
      const timer = clock.schedule(waitMs, end);
      signal.addEventListener("abort", end);
    });
  }

  /** Lets everybody go: the agent stops. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  #wake(): void {
    for (const look of [...this.#waiters]) look();
  }
}
