import { sleep } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import { Backoff } from "./backoff.ts";
import { asWatchError } from "./failed-call.ts";
import type { HttpClient } from "./http.ts";
import { watchKeys } from "./key-watch.ts";
import type { StoredPair } from "./key-value.ts";
import { decodePortRecord, type PortChange, portRecordKey } from "./port-record.ts";

export interface PortWatch {
  /** Makes the service listen on `newPort`. The client then registers that port, unless this callback fails. */
  readonly onChange: (change: PortChange) => Promise<void> | void;
  /** Called if `onChange` failed or the registry cannot be reached. The watch continues. */
  readonly onError: (error: OperatingError) => void;
  /** When this signal aborts, the watch stops, as after stop(). */
  readonly signal?: AbortSignal;
}

/** The part of a service's registration that a port change needs. */
export interface Registration {
  /** Returns the registered port; undefined until the service is registered. */
  port(): number | undefined;
  /** Registers the service with its checks on another port. */
  move(port: number, signal: AbortSignal): Promise<void>;
}

/**
 * Makes the port changes that the registry assigns to one service. A change arrives in the answer to a registration or in the
 * service's port record. Changes are made one after the other: each, identified by id and revision, is passed to `onChange` once,
 * then the service is registered on its new port, with retries until the registry answers. If several changes arrive while one is
 * made, only the newest of them is made afterwards.
 */
export class PortChanges {
  readonly #http: HttpClient;
  readonly #registration: Registration;
  readonly #watch: PortWatch;
  readonly #stopping = new AbortController();
  readonly #signal: AbortSignal;
  readonly #seen = new Set<string>();
  #pending: PortChange | undefined;
  #isBusy = false;

  constructor(http: HttpClient, registration: Registration, watch: PortWatch) {
    this.#http = http;
    this.#registration = registration;
    this.#watch = watch;
    this.#signal = watch.signal ? AbortSignal.any([watch.signal, this.#stopping.signal]) : this.#stopping.signal;
  }

  start(serviceKey: string): void {
    watchKeys({
      http: this.#http,
      key: portRecordKey(serviceKey),
      signal: this.#signal,
      onError: (thrown) => this.#fail(thrown),
      onPairs: (pairs) => this.#recordIs(pairs),
    });
  }

  stop(): void {
    this.#stopping.abort();
  }

  /**
   * The caller calls this after it has registered the service. `change` is the port change in the agent's answer, if any. Starts
   * to make the pending change in the background.
   */
  wasRegistered(change: PortChange | undefined): void {
    this.#pending = change ?? this.#pending;
    void this.#makeChanges();
  }

  #recordIs([pair]: readonly StoredPair[]): void {
    this.#pending = pair && decodePortRecord(new TextDecoder().decode(pair.value));
    void this.#makeChanges();
  }

  async #makeChanges(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) await this.#make(next);
    } finally {
      this.#isBusy = false;
    }
  }

  /** Returns the change to make now; undefined before the service is registered. */
  #next(): PortChange | undefined {
    const port = this.#registration.port();
    const change = this.#pending;
    if (this.#signal.aborted || change === undefined || port === undefined || change.newPort === port) return undefined;
    return this.#seen.has(nameOf(change)) ? undefined : change;
  }

  async #make(change: PortChange): Promise<void> {
    this.#seen.add(nameOf(change));
    try {
      await this.#watch.onChange(change);
    } catch (thrown) {
      return this.#fail(thrown);
    }
    await this.#register(change.newPort);
  }

  async #register(port: number): Promise<void> {
    const backoff = new Backoff();
    while (!this.#signal.aborted) {
      try {
        return await this.#registration.move(port, this.#signal);
      } catch (thrown) {
        if (this.#signal.aborted) return;
        this.#fail(thrown);
        if (!isTemporary(thrown)) return;
      }
      await sleep(this.#http.clock, backoff.next(), this.#signal);
    }
  }

  #fail(thrown: unknown): void {
    if (!this.#signal.aborted) this.#watch.onError(asWatchError(thrown));
  }
}

function nameOf({ id, revision }: PortChange): string {
  return `${id} ${revision}`;
}

/** Returns whether an error is temporary, so that the same request can succeed later. */
function isTemporary(thrown: unknown): boolean {
  return thrown instanceof OperatingError && ["unavailable", "timeout", "rate-limited", "denied"].includes(thrown.kind);
}
