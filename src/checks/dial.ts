import type { Clock, Timer } from "../lib/clock.ts";
import {
  ConnectionAttempt,
  type AttemptOwner,
  type Connection,
  type ConnectionEvents,
  type TlsOptions,
} from "./connection-attempt.ts";
import type { HostPort } from "./host-port.ts";
import { isAddress, lookUp } from "./look-up.ts";

export interface DialEvents extends ConnectionEvents {
  /** Called when the TCP connection is open; with TLS, the handshake begins. */
  onOpen(connection: Connection): void;
  /** Called when all connection attempts have failed; go-error-text.ts turns the error into a text. */
  onRefused(error: unknown): void;
}

export interface DialOptions {
  readonly clock: Clock;
  readonly events: DialEvents;
  readonly tls?: TlsOptions | undefined;
}

/** Milliseconds without an answer before the next address is tried, too. The first connection that opens is used. */
const nextAddressMs = 300;

/**
 * Connects to a host: looks its name up and tries the addresses in order, each when the one before has failed or is slow. If
 * all addresses fail, reports the error of the first, which is the preferred one.
 */
export class Dial implements AttemptOwner {
  readonly #target: HostPort;
  readonly #options: DialOptions;
  readonly #attempts = new Set<ConnectionAttempt>();
  #waitsFor: "address" | "connection" | "nothing";
  #preferred: HostPort;
  #first: string | undefined;
  #preferredError: unknown;
  #untried: readonly string[] = [];
  #timer: Timer | undefined;

  constructor(target: HostPort, options: DialOptions) {
    this.#target = target;
    this.#options = options;
    this.#preferred = target;
    this.#waitsFor = isAddress(target.host) ? "connection" : "address";
  }

  /** The step that the dial waits for; "nothing" once a connection is open or all attempts have failed. */
  get waitsFor(): "address" | "connection" | "nothing" {
    return this.#waitsFor;
  }

  /**
   * The address in error texts: the first address of the host, or the host name until the look-up has ended. Go: if no host was
   * given, only the port.
   */
  get preferred(): HostPort {
    return this.#preferred;
  }

  start(): void {
    void this.#lookUpAndTry();
  }

  /** Closes the open connection gracefully. No callback is called afterwards. */
  close(): void {
    for (const attempt of this.#attempts) attempt.close();
  }

  /** Aborts all attempts and an open connection. No callback is called afterwards. Idempotent. */
  cancel(): void {
    this.#waitsFor = "nothing";
    this.#timer?.cancel();
    for (const attempt of this.#attempts) attempt.cancel();
    this.#attempts.clear();
  }

  async #lookUpAndTry(): Promise<void> {
    try {
      const addresses = await lookUp(this.#target.host);
      if (this.#waitsFor !== "nothing") this.#tryAll(addresses);
    } catch (thrown) {
      if (this.#waitsFor !== "nothing") this.#fail(thrown);
    }
  }

  #tryAll(addresses: readonly string[]): void {
    this.#waitsFor = "connection";
    if (this.#target.host !== "") this.#preferred = { ...this.#target, host: addresses[0] ?? this.#target.host };
    this.#first = addresses[0];
    this.#untried = addresses;
    this.#tryNext();
  }

  #tryNext(): void {
    this.#timer?.cancel();
    const [host, ...others] = this.#untried;
    if (host === undefined) return this.#attempts.size === 0 ? this.#fail(this.#preferredError) : undefined;
    this.#untried = others;
    const { clock, events, tls } = this.#options;
    if (others.length > 0) this.#timer = clock.schedule(nextAddressMs, () => this.#tryNext());
    const attempt = new ConnectionAttempt({ host, port: this.#target.port }, { owner: this, events, tls });
    this.#attempts.add(attempt);
    attempt.start();
  }

  opened(attempt: ConnectionAttempt, connection: Connection): void {
    this.#attempts.delete(attempt);
    this.cancel();
    this.#attempts.add(attempt);
    this.#options.events.onOpen(connection);
  }

  refused(attempt: ConnectionAttempt, error: unknown): void {
    this.#attempts.delete(attempt);
    if (attempt.target.host === this.#first) this.#preferredError = error;
    this.#tryNext();
  }

  #fail(error: unknown): void {
    this.cancel();
    this.#options.events.onRefused(error);
  }
}
