import { sleep, type Timer } from "../../lib/clock.ts";
import type { EtcdClient } from "./etcd-client.ts";

/**
 * Number of renewals within the time that a lease lasts, so that the lease outlasts some that fail while etcd elects a leader.
 */
const renewalsOfLease = 4;
const renewalMsMin = 100;
/** Milliseconds between two tries of a renewal that failed. */
const retryMs = 50;

/**
 * A lease of etcd that is renewed until it is over.
 *
 * etcd counts a lease from when it grants or renews it, which is after the request was sent. So the lease lasts at least until
 * `ms` after the sending of the last request that was answered, by this server's monotonic clock. After that it may be over, and
 * counts as over for good: a late answer does not bring it back. A process that was stopped may call a method before its timers
 * fire, so the methods compare the clock and do not rely on the timer.
 *
 * Other servers may see the lease's end somewhat earlier. A leader of etcd that is cut off from the other members answers
 * renewals until it notices, for up to two of its election timeouts. The next leader of etcd counts each lease in full, but from
 * its own election, which may be one election timeout before the cut-off leader notices. etcd grants no lease shorter than one
 * and a half election timeouts, so at least a third of the lease is left after the last renewal.
 */
export class Lease {
  readonly id: bigint;
  /** Milliseconds that the lease lasts after a renewal. */
  readonly ms: number;
  readonly #client: EtcdClient;
  readonly #ending = new AbortController();
  readonly #ended = Promise.withResolvers<void>();
  #renewedMs: number;
  #confirmedMs: number;
  #expiry: Timer;

  private constructor(
    client: EtcdClient,
    { id, ms, sentMs }: { readonly id: bigint; readonly ms: number; readonly sentMs: number },
  ) {
    this.id = id;
    this.ms = ms;
    this.#client = client;
    this.#renewedMs = sentMs;
    this.#confirmedMs = sentMs;
    this.#expiry = client.clock.schedule(ms, () => this.#expire());
    void this.#renew();
  }

  /** Asks etcd for a lease of about `ms`. Rejects as EtcdClient.persist does. */
  static async grant(client: EtcdClient, ms: number, signal: AbortSignal): Promise<Lease> {
    let sentMs = 0;
    const attempt = (deadlineMs: number): Promise<{ readonly id: bigint; readonly ms: number }> => {
      sentMs = client.clock.monotonicMs();
      return client.grantLease(ms, deadlineMs);
    };
    const granted = await client.persist(attempt, { signal });
    return new Lease(client, { ...granted, sentMs });
  }

  /** Resolves when the lease is over, or may be. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  get isOver(): boolean {
    const hasRunOut = this.#client.clock.monotonicMs() - this.#renewedMs >= this.ms;
    // etcd may have received a later renewal, whose answer was lost, and would keep the key for a while.
    if (hasRunOut && !this.#ending.signal.aborted) void this.revoke();
    return this.#ending.signal.aborted;
  }

  /** Records that etcd's answer to a request sent at `sentMs` says that the lease's key exists. */
  confirm(sentMs: number): void {
    this.#confirmedMs = Math.max(this.#confirmedMs, sentMs);
  }

  /** Returns the milliseconds since the last confirmed request was sent; Infinity when the lease is over. */
  confirmedMs(): number {
    return this.isOver ? Infinity : this.#client.clock.monotonicMs() - this.#confirmedMs;
  }

  /** Stops the renewals and resolves `ended`: the lease is known to be over, or is not needed any more. */
  end(): void {
    this.#ending.abort();
    this.#expiry.cancel();
    this.#ended.resolve();
  }

  /**
   * Ends the lease here and revokes it in etcd, so that its key is deleted at once. If etcd does not answer, the lease expires
   * there.
   */
  async revoke(): Promise<void> {
    this.end();
    try {
      await this.#client.persist((deadlineMs) => this.#client.revokeLease(this.id, deadlineMs), { triesMax: 2 });
    } catch (error) {
      this.#client.report("a lease in etcd is left to run out", error);
    }
  }

  async #renew(): Promise<void> {
    const pauseMs = this.ms / renewalsOfLease;
    const { clock } = this.#client;
    const signal = this.#ending.signal;
    let waitMs = pauseMs;
    for (;;) {
      await sleep(clock, waitMs, signal);
      if (this.isOver) return;
      const sentMs = clock.monotonicMs();
      try {
        const exists = await this.#client.renewLease(this.id, Math.max(pauseMs, renewalMsMin));
        if (this.isOver) return;
        if (!exists) return this.end();
        this.#renewedMs = sentMs;
        this.confirm(sentMs);
        waitMs = pauseMs;
      } catch (error) {
        this.#client.report("the leader's lease could not be renewed; trying again", error);
        waitMs = retryMs;
      }
    }
  }

  #expire(): void {
    if (this.isOver) return;
    const leftMs = this.#renewedMs + this.ms - this.#client.clock.monotonicMs();
    this.#expiry = this.#client.clock.schedule(leftMs, () => this.#expire());
  }
}
