import { sleep, type Timer } from "../../lib/clock.ts";
import type { EtcdClient } from "./etcd-client.ts";

/** Renewals in the time that a lease lasts. A third may fail, and etcd elect a new leader meanwhile. */
const renewalsOfLease = 4;
const renewalMsMin = 100;
/** Milliseconds between two tries of a renewal that failed. */
const retryMs = 50;

/**
 * A lease of etcd that is renewed until it is over.
 *
 * etcd counts a lease from when it grants or renews it, which is after the request was sent. So the lease lasts at least until
 * `ms` after the sending of the last request that was answered, by this server's monotonic clock. After that it may be over, and
 * counts as over for good: a late answer does not bring it back. A process that was stopped sees the clock before any timer runs, so
 * every question to the lease looks at the clock.
 *
 * Other servers may see the lease's end somewhat earlier: a leader of etcd that is cut off answers renewals until it notices, for up to
 * two of its election times. The next one counts each lease in full, but from its own election, which may be one election time
 * before that. etcd grants no lease shorter than one and a half of them, so a third of the lease is left.
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
    // etcd may have heard of a later renewal, and would keep the key for a while.
    if (hasRunOut && !this.#ending.signal.aborted) void this.revoke();
    return this.#ending.signal.aborted;
  }

  /** Takes up that etcd has answered, to a question sent at `sentMs`, that the lease's key exists. */
  confirm(sentMs: number): void {
    this.#confirmedMs = Math.max(this.#confirmedMs, sentMs);
  }

  /** Returns the milliseconds since the last confirmed question was sent; Infinity when the lease is over. */
  confirmedMs(): number {
    return this.isOver ? Infinity : this.#client.clock.monotonicMs() - this.#confirmedMs;
  }

  /** Ends the renewals: the lease is known to be over, or is of no use any more. */
  end(): void {
    this.#ending.abort();
    this.#expiry.cancel();
    this.#ended.resolve();
  }

  /** Ends the lease in etcd too, so that its key goes at once. Without an answer from etcd, it runs out by itself. */
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
