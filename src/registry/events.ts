import type { Clock } from "../lib/clock.ts";
import type { Meter } from "../lib/metrics.ts";
import { eventIndex, type Event } from "../model/event.ts";

export interface EventWait {
  /** The index that the client has seen. */
  readonly index: bigint;
  readonly waitMs: number;
  /** Aborts when the client has disconnected. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** Maximum number of events in the list; a new event then replaces the oldest. Consul: the same number. */
const eventsMax = 256;

/** The index of an empty list, as in Consul. It is not 0, because a query with index 0 does not block. */
const emptyIndex = 1n;

/**
 * The last user events, in memory only: an agent starts with an empty list. Each event wakes all waiting queries; a query
 * waits again if its list, which may have the events of one name only, still ends in the same event.
 */
export class Events {
  #events: readonly Event[] = [];
  readonly #waiters = new Set<() => void>();
  /** The Lamport time of the next event. Consul: a server uses the first two Lamport times itself. */
  #time = 2;
  #closed = false;
  readonly #fired: Meter;

  /** @param fired the meter that counts the fired events */
  constructor(fired: Meter) {
    this.#fired = fired;
  }

  /** The Lamport time that the next event will have. */
  get time(): number {
    return this.#time;
  }

  /**
   * Gives the event its Lamport time. With `remember`, which the caller sets if the event addresses this agent, also adds the
   * event to the list. Returns the event with its time.
   */
  fire(event: Event, { remember }: { readonly remember: boolean }): Event {
    const fired = { ...event, time: this.#time };
    this.#add(fired, remember);
    return fired;
  }

  /** Takes an event that another agent has fired. Lamport: the time of this agent's next event is later. */
  receive(event: Event, { remember }: { readonly remember: boolean }): void {
    this.#add(event, remember);
  }

  #add(event: Event, remember: boolean): void {
    this.#time = Math.max(this.#time, event.time + 1);
    this.#fired.add(1);
    if (!remember) return;
    this.#events = [...this.#events, event].slice(-eventsMax);
    this.#wake();
  }

  /** Returns the events, oldest first. If `name` is not "", returns only the events of that name. */
  list(name: string): readonly Event[] {
    return name === "" ? this.#events : this.#events.filter((event) => event.name === name);
  }

  indexOf(name: string): bigint {
    const last = this.#events.findLast((event) => name === "" || event.name === name);
    return last ? eventIndex(last) : emptyIndex;
  }

  /**
   * Resolves when the list's index differs from the client's index, the wait is over, the client disconnects or the agent stops.
   */
  waitForOther(name: string, { index, waitMs, signal, clock }: EventWait): Promise<void> {
    if (this.#closed || signal.aborted || this.indexOf(name) !== index) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        this.#waiters.delete(recheck);
        timer.cancel();
        signal.removeEventListener("abort", end);
        resolve();
      };
      const recheck = (): void => {
        if (this.#closed || this.indexOf(name) !== index) end();
      };
      this.#waiters.add(recheck);
      const timer = clock.schedule(waitMs, end);
      signal.addEventListener("abort", end);
    });
  }

  /** Ends all waits. The agent calls this method when it stops. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  #wake(): void {
    for (const recheck of [...this.#waiters]) recheck();
  }
}
