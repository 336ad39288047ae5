import { leadershipLost } from "../engine/replicated-engine.ts";
import type { Clock } from "../lib/clock.ts";
import { Countdown } from "../lib/countdown.ts";
import type { Log } from "../lib/log.ts";
import { LogThrottle } from "../lib/log-throttle.ts";
import { sessionTtlMs, type SessionRow } from "../model/session.ts";
import { getSession, listSessions } from "../state/session.ts";
import { fold, sessionOfTopic, topics, type Topic } from "../state/topics.ts";
import type { Registry } from "./registry.ts";

/** The number of TTLs after which a session expires. Consul: two, so that a renewal may be late. */
const grace = 2;
/** The delay in milliseconds after a failed attempt to end a session. */
const retryMs = 1_000;

/**
 * Ends sessions whose holders do not renew them in time, while this server leads. The timers are in memory only: a renewal writes
 * nothing. After a restart, and at a new leader, each session has its full TTL again, because its holder could not renew it
 * meanwhile.
 */
export class SessionTtls {
  readonly #store: Registry;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #failures: LogThrottle;
  /** The timer of each session, by the session's id in lower case. */
  readonly #timers = new Map<string, Countdown>();
  /**
   * Expired sessions whose deletion may not be durable yet. The agent refuses to renew such a session, so that the session's
   * holder does not rely on it.
   */
  readonly #ending = new Set<string>();
  #stopped = false;

  constructor(store: Registry, options: { readonly clock: Clock; readonly log: Log }) {
    this.#store = store;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#failures = new LogThrottle(options.clock);
    this.#restartAll();
    store.follow((touched) => this.#follow(touched));
    store.onRole(() => this.#restartAll());
  }

  /** The number of sessions with a TTL, which end unless their holders renew them. */
  get active(): number {
    return this.#timers.size;
  }

  /**
   * Restarts the session's timer and returns the session. Returns undefined if the session has ended or expired.
   * @param mayRenew throws if the caller may not renew the session
   * @throws OperatingError unavailable "leadership-lost" if this server does not lead
   */
  renew(id: string, mayRenew: (session: SessionRow) => void = () => {}): SessionRow | undefined {
    if (!this.#store.leads) throw leadershipLost();
    if (this.#ending.has(fold(id))) return undefined;
    const session = getSession(this.#store.state, id);
    if (session) {
      mayRenew(session);
      this.#restart(session);
    }
    return session;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelAll();
  }

  /** Starts and cancels the timers of the sessions that a commit has created or ended. */
  #follow(touched: ReadonlySet<Topic>): void {
    if (touched.has(topics.everything)) return this.#restartAll();
    for (const topic of touched) {
      const id = sessionOfTopic(topic);
      if (id === undefined) continue;
      const session = getSession(this.#store.state, id);
      if (session) this.#restart(session);
      else this.#cancel(id);
    }
  }

  #restartAll(): void {
    this.#cancelAll();
    for (const session of listSessions(this.#store.state)) this.#restart(session);
  }

  #restart(session: SessionRow): void {
    const ttlMs = sessionTtlMs(session);
    if (ttlMs <= 0) return;
    const id = fold(session.id);
    const running = this.#ending.has(id) ? undefined : this.#timers.get(id);
    if (running) running.restart();
    else this.#startTimer(id, ttlMs * grace);
  }

  #startTimer(id: string, delayMs: number): void {
    this.#cancel(id);
    if (this.#stopped || !this.#store.leads) return;
    this.#timers.set(id, new Countdown(this.#clock, delayMs, () => void this.#expire(id)));
  }

  #cancel(id: string): void {
    this.#timers.get(id)?.cancel();
    this.#timers.delete(id);
    this.#ending.delete(id);
  }

  #cancelAll(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#ending.clear();
  }

  async #expire(id: string): Promise<void> {
    this.#log.debug("Session TTL expired", { session: id });
    this.#ending.add(id);
    try {
      await this.#store.submitAsLeader({ type: "session-destroy", id });
    } catch (error) {
      if (this.#stopped || !this.#store.leads) return;
      const fields = { session: id, error: String(error) };
      this.#log[this.#failures.isNew(id) ? "warn" : "debug"]("Failed to end an expired session; trying again", fields);
      this.#startTimer(id, retryMs);
      this.#ending.add(id);
    }
  }
}
