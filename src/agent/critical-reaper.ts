import type { Clock, Timer } from "../lib/clock.ts";
import type { LocalCheck } from "./local-state.ts";

interface Critical {
  readonly sinceMs: number;
  readonly timer: Timer;
}

/**
 * Calls `reap` when a check has been critical for its DeregisterCriticalServiceAfter, with one timer for each such check.
 * Consul: looks for such checks every 30 s.
 */
export class CriticalReaper {
  readonly #clock: Clock;
  readonly #reap: (serviceId: string, checkId: string) => void;
  readonly #critical = new Map<string, Critical>();

  constructor(clock: Clock, reap: (serviceId: string, checkId: string) => void) {
    this.#clock = clock;
    this.#reap = reap;
  }

  /** Records a check's newest status and definition. A new registration of a critical check does not delay the call of `reap`. */
  note({ definition, status }: LocalCheck): void {
    const { id, serviceId, deregisterCriticalServiceAfterMs: afterMs } = definition;
    const nowMs = this.#clock.monotonicMs();
    const sinceMs = this.#critical.get(id)?.sinceMs ?? nowMs;
    this.forget(id);
    if (status !== "critical" || afterMs === 0 || serviceId === "") return;
    const timer = this.#clock.schedule(sinceMs + afterMs - nowMs, () => {
      this.#critical.delete(id);
      this.#reap(serviceId, id);
    });
    this.#critical.set(id, { sinceMs, timer });
  }

  forget(checkId: string): void {
    this.#critical.get(checkId)?.timer.cancel();
    this.#critical.delete(checkId);
  }

  stop(): void {
    for (const id of [...this.#critical.keys()]) this.forget(id);
  }
}
