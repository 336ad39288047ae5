import { formatHostPort, type HostPort } from "./host-port.ts";
import { type CheckTls, sharedTlsOptions } from "./check-tls.ts";
import { isCertificateError } from "./go-error-text.ts";

export interface Connection {
  /** Sends bytes. Returns how many of them were accepted; `onWritable` is called when the socket accepts more. */
  write(bytes: Uint8Array): number;
}

export interface TlsOptions {
  /**
   * The name that the client sends to the server (SNI) and that the server's certificate must have. Empty for an IP address:
   * SNI does not allow an address, but Bun would send one, and some servers would refuse it. The certificate must then have
   * the address.
   */
  readonly serverName: string;
  readonly skipVerify: boolean;
  /** The agent's certificate, CA and protocol settings; undefined for the system's CA and no certificate. */
  readonly agent?: CheckTls | undefined;
}

/** Callbacks for an open connection. */
export interface ConnectionEvents {
  /** Called when the TLS handshake has ended. After an error the callee must not send data. */
  onSecured?(error: Error | undefined): void;
  onWritable?(): void;
  onBytes?(bytes: Buffer): void;
  /** Called when the peer has closed the connection or, with an error, has reset it. */
  onClosed?(error: Error | undefined): void;
}

/** Receives the results of the connection attempts that it started. With TLS, `opened` is called before the handshake. */
export interface AttemptOwner {
  opened(attempt: ConnectionAttempt, connection: Connection): void;
  refused(attempt: ConnectionAttempt, error: unknown): void;
}

export interface AttemptOptions {
  readonly owner: AttemptOwner;
  readonly events: ConnectionEvents;
  readonly tls: TlsOptions | undefined;
}

/**
 * Addresses with a cancelled attempt that the system has not given up yet. Bun.connect cannot be aborted, so such an attempt
 * lasts two minutes, and a check that runs every second would have a hundred of them. While an address is in this set, a new
 * attempt first probes the address through node:net, which can be aborted. node:net costs 5 MiB, so it is loaded only then.
 */
const abandoned = new Set<string>();

/** One attempt to connect to one address. */
export class ConnectionAttempt {
  /** An IP address with a port, never a host name. */
  readonly target: HostPort;
  readonly #options: AttemptOptions;
  #isWanted = true;
  #isConnecting = false;
  #socket: Bun.Socket<ConnectionAttempt> | undefined;
  #stopProbe: (() => void) | undefined;

  constructor(target: HostPort, options: AttemptOptions) {
    this.target = target;
    this.#options = options;
  }

  start(): void {
    void (abandoned.has(this.#key) ? this.#probeFirst() : this.#connect());
  }

  /** Closes the connection gracefully. No callback is called afterwards. */
  close(): void {
    this.#isWanted = false;
    this.#socket?.close();
  }

  /** Aborts the attempt in any state; the peer may see a reset. No callback is called afterwards. */
  cancel(): void {
    this.#isWanted = false;
    this.#stopProbe?.();
    this.#socket?.terminate();
    if (this.#isConnecting) abandoned.add(this.#key);
  }

  get #key(): string {
    return formatHostPort(this.target);
  }

  async #probeFirst(): Promise<void> {
    const { probeAddress } = await import("./probe-address.ts");
    if (!this.#isWanted) return;
    this.#stopProbe = probeAddress(this.target, (error) => {
      if (error) this.#refuse(error);
      else void this.#connect();
    });
  }

  async #connect(): Promise<void> {
    const { host: hostname, port } = this.target;
    const { tls } = this.#options;
    const security = tls && { tls: securityOf(tls) };
    this.#isConnecting = true;
    try {
      await Bun.connect({ hostname, port, ...security, data: this, socket: handlers });
    } catch (thrown) {
      this.#endConnecting();
      this.#refuse(thrown);
    }
  }

  #endConnecting(): void {
    this.#isConnecting = false;
    abandoned.delete(this.#key);
  }

  #refuse(error: unknown): void {
    if (this.#isWanted) this.#options.owner.refused(this, error);
  }

  open(socket: Bun.Socket<ConnectionAttempt>): void {
    this.#endConnecting();
    if (!this.#isWanted) return socket.terminate();
    this.#socket = socket;
    this.#options.owner.opened(this, socket);
  }

  /** Reports the end of the TLS handshake. @param error may be a certificate error, which a check with skipVerify ignores */
  finishHandshake(error: Error | undefined): void {
    const isIgnored = this.#options.tls?.skipVerify === true && isCertificateError(error);
    this.events?.onSecured?.(isIgnored ? undefined : error);
  }

  /** The connection's callbacks; undefined once the attempt was closed or cancelled. */
  get events(): ConnectionEvents | undefined {
    return this.#isWanted ? this.#options.events : undefined;
  }
}

/** The oldest accepted version of TLS, 1.0, as in Go 1.15, for old devices. Only for checks that skip verification. */
const oldestVersion = 0x0301;

function securityOf({ serverName, skipVerify, agent }: TlsOptions): object {
  if (agent)
    return {
      ...{ serverName: agent.serverName, rejectUnauthorized: !skipVerify, minVersion: agent.minVersion },
      ...sharedTlsOptions(agent),
    };
  return { serverName, rejectUnauthorized: !skipVerify, ...(skipVerify && { minVersion: oldestVersion }) };
}

/** Socket callbacks that all connections share. Closures for each connection would be most of the garbage of checks. */
const handlers: Bun.SocketHandler<ConnectionAttempt> = {
  open: (socket) => socket.data.open(socket),
  handshake: (socket, isSecure, error) =>
    socket.data.finishHandshake(isSecure ? undefined : (error ?? new Error("the handshake failed"))),
  drain: (socket) => socket.data.events?.onWritable?.(),
  data: (socket, bytes) => socket.data.events?.onBytes?.(bytes),
  close: (socket, error) => socket.data.events?.onClosed?.(error),
  error: (socket, error) => socket.data.events?.onClosed?.(error),
};
