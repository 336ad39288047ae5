import type { Findings } from "./findings.ts";

interface Known {
  readonly ttlMs: number;
  readonly lockDelayMs: number;
  /** The latest time at which an answer showed that the session was alive. */
  renewedMs: number;
  /** The latest time at which the agent may have renewed the session. */
  maybeRenewedMs: number;
  /** Whether a client may have destroyed the session or released its lock. */
  mayEnd: boolean;
  seenMs: number;
}

export interface Circumstances {
  readonly nowMs: number;
  /** The time from which the current process of the agent can answer. */
  readonly readySinceMs: number;
  readonly diskWellForMs: number;
}

/** Additional time for an expiry that a bad disk refused, in milliseconds: the agent retries it after the disk recovers. */
const slackMs = 3_000;

/** Compares what clients know of their sessions with the agent's lists of sessions and locks. */
export class SessionLedger {
  readonly #findings: Findings;
  readonly #known = new Map<string, Known>();
  readonly #ended = new Set<string>();
  /** By key: the last session to which the agent acknowledged the key's lock. */
  readonly #acquired = new Map<string, string>();
  readonly #holders = new Map<string, string>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  created(
    id: string,
    { arrivedMs, leftMs }: { readonly arrivedMs: number; readonly leftMs: number },
    terms: { readonly ttlMs: number; readonly lockDelayMs: number },
  ): void {
    this.#known.set(id, { ...terms, renewedMs: arrivedMs, maybeRenewedMs: leftMs, mayEnd: false, seenMs: leftMs });
  }

  /** Records that a renewal reached the agent. */
  renewing(id: string, atMs: number): void {
    const known = this.#known.get(id);
    if (known) known.maybeRenewedMs = Math.max(known.maybeRenewedMs, atMs);
  }

  renewed(id: string, atMs: number): void {
    const known = this.#known.get(id);
    if (!known) return;
    const wasOver = this.#ended.has(id) ? `${id} was renewed after it had ended` : undefined;
    this.#findings.expect("a session that has ended stays so", wasOver);
    known.renewedMs = Math.max(known.renewedMs, atMs);
  }

  /** Records that the agent acknowledged that this session holds the lock. */
  acquired(id: string, key: string, atMs: number): void {
    const before = this.#acquired.get(key);
    const known = before === undefined ? undefined : this.#known.get(before);
    const isHeld = before !== id && known && !known.mayEnd && atMs - known.renewedMs < known.ttlMs;
    const broken = isHeld ? `${key} is ${before}'s, and was given to ${id}` : undefined;
    this.#findings.expect("a lock has one holder", broken);
    this.#acquired.set(key, id);
  }

  /** Records that a client is about to destroy the session or to release its lock. */
  ending(id: string): void {
    const known = this.#known.get(id);
    if (known) known.mayEnd = true;
  }

  /** Checks that each session lives for its TTL, and ends if it is not renewed. @param ids the sessions that the agent lists */
  observe(ids: ReadonlySet<string>, { nowMs, readySinceMs, diskWellForMs }: Circumstances): void {
    for (const [id, known] of this.#known) {
      if (ids.has(id)) {
        known.seenMs = nowMs;
        this.#expectLifeWithinTwo(id, known, { nowMs, readySinceMs, diskWellForMs });
      } else if (!this.#ended.has(id)) {
        this.#ended.add(id);
        this.#expectWholeLife(id, known, nowMs);
      }
    }
  }

  #expectWholeLife(id: string, { mayEnd, renewedMs, ttlMs }: Known, nowMs: number): void {
    const livedMs = nowMs - renewedMs;
    const isEarly = !mayEnd && livedMs < ttlMs;
    const broken = isEarly ? `${id} ended ${livedMs} ms after it was renewed, of ${ttlMs}` : undefined;
    this.#findings.expect("a session lives for its TTL after a renewal", broken);
  }

  #expectLifeWithinTwo(id: string, known: Known, { nowMs, readySinceMs, diskWellForMs }: Circumstances): void {
    const sinceMs = Math.max(known.maybeRenewedMs, readySinceMs);
    const isLate = nowMs - sinceMs > 2 * known.ttlMs + slackMs && diskWellForMs > slackMs + 12_000;
    const broken = isLate ? `${id} lives ${nowMs - sinceMs} ms after ${sinceMs}, of ${known.ttlMs}` : undefined;
    this.#findings.expect("a session without renewals ends", broken);
  }

  /** Checks that a lock whose session ended stays free for its delay. @param holders the session that holds each lock, by key */
  observeLocks(holders: ReadonlyMap<string, string>, nowMs: number): void {
    for (const [key, holder] of holders) {
      const before = this.#holders.get(key);
      const known = before === undefined ? undefined : this.#known.get(before);
      if (before === holder || before === undefined) continue;
      if (!known || known.mayEnd || !this.#ended.has(before)) continue;
      const sinceMs = nowMs - known.seenMs;
      const isEarly = sinceMs < known.lockDelayMs;
      const broken = isEarly ? `${key} was taken ${sinceMs} ms after ${before} was seen alive` : undefined;
      this.#findings.expect("a lock whose session ended is kept from others for its delay", broken);
    }
    for (const [key, holder] of holders) this.#holders.set(key, holder);
  }
}
