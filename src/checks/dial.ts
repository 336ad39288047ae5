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
  /** TCP's handshake is done; with TLS, its own begins. */
  onOpen(connection: Connection): void;
  /** There will be no connection; the error is for go-error-text.ts. */
  onRefused(error: unknown): void;
}

export interface DialOptions {
  readonly clock: Clock;
  readonly events: DialEvents;
  readonly tls?: TlsOptions | undefined;
}

/** An address that has not answered for so long is joined by the next one; the first to answer is taken. */
const nextAddressMs = 300;

/**
 * Makes a connection: looks the name up, and tries its addresses in their order, the next when one fails or takes its
 * time. When none can be reached, the error of the preferred one, the first, is told.
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

  /** "nothing" once there is a connection, or will be none. */
  get waitsFor(): "address" | "connection" | "nothing" {
    return this.#waitsFor;
  }

  /** What errors name: the preferred address once it is known, until then the name. Go: without a host, the port alone. */
  get preferred(): HostPort {
    return this.#preferred;
  }

  start(): void {
    void this.#lookUpAndTry();
  }

  /** Ends the connection that was made, in good order. Afterwards nothing is told. */
  close(): void {
    for (const attempt of this.#attempts) attempt.close();
  }

  /** Idempotent. Lets go of everything, also of a connection; afterwards nothing is told. */
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
