import type { Clock, Timer } from "../lib/clock.ts";
import type { LocalCheck } from "./registrations.ts";

/**
 * Calls `reap` once a service's check has been critical for its DeregisterCriticalServiceAfter, on time: one timer for
 * each critical check that has one. (Consul looks every 30 s.)
 */
export class CriticalReaper {
  readonly #clock: Clock;
  readonly #reap: (serviceId: string, checkId: string) => void;
  readonly #timers = new Map<string, Timer>();

  constructor(clock: Clock, reap: (serviceId: string, checkId: string) => void) {
    this.#clock = clock;
    this.#reap = reap;
  }

  /** Tells the check's newest state. */
  note({ definition, status }: LocalCheck): void {
    const { id, serviceId, deregisterCriticalServiceAfterMs: afterMs } = definition;
    if (status !== "critical" || afterMs === 0 || serviceId === "") return this.forget(id);
    if (this.#timers.has(id)) return;
    const timer = this.#clock.schedule(afterMs, () => {
      this.#timers.delete(id);
      this.#reap(serviceId, id);
    });
    this.#timers.set(id, timer);
  }

  forget(checkId: string): void {
    this.#timers.get(checkId)?.cancel();
    this.#timers.delete(checkId);
  }

  stop(): void {
    for (const id of [...this.#timers.keys()]) this.forget(id);
  }
}
