import { formatHostPort, type HostPort } from "./host-port.ts";
import { isCertificateError } from "./go-error-text.ts";

export interface Connection {
  /** How many of the bytes were taken; `onWritable` says when there is room for more. */
  write(bytes: Uint8Array): number;
}

export interface TlsOptions {
  /**
   * What the server is asked for and its certificate is held to. Empty for an address: TLS has no way to ask for one, though
   * Bun does unless this is empty, and some servers refuse it. The certificate is then held to the address.
   */
  readonly serverName: string;
  readonly skipVerify: boolean;
}

/** Told of a connection once it is there. */
export interface ConnectionEvents {
  /** TLS's handshake is over: with an error it has failed, and nothing is to be sent. */
  onSecured?(error: Error | undefined): void;
  onWritable?(): void;
  onBytes?(bytes: Buffer): void;
  /** The other side has closed it or, with an error, broken it off. */
  onClosed?(error: Error | undefined): void;
}

/** Told what its attempts led to. With TLS, the handshake is still to come when one is opened. */
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
 * Addresses to which a connection is being made that nobody wants any more. Bun.connect cannot be called off, so such a
 * one stays until the system gives it up, after two minutes; a check that runs every second would collect a hundred.
 * Whoever comes meanwhile asks by node:net, which can be called off, whether anybody answers at all. That is loaded only
 * where somebody does not answer, for it takes 5 MiB.
 */
const leftBehind = new Set<string>();

/** One address, tried once. */
export class ConnectionAttempt {
  /** An address, not a name. */
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
    void (leftBehind.has(this.#key) ? this.#probeFirst() : this.#connect());
  }

  /** Ends a connection in good order, at once. Afterwards nothing is told. */
  close(): void {
    this.#isWanted = false;
    this.#socket?.close();
  }

  /** Lets go of it, in whatever state it is: the other side may see a reset. Afterwards nothing is told. */
  cancel(): void {
    this.#isWanted = false;
    this.#stopProbe?.();
    this.#socket?.terminate();
    if (this.#isConnecting) leftBehind.add(this.#key);
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
    leftBehind.delete(this.#key);
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

  /** @param error also of a certificate that need not be a good one */
  finishHandshake(error: Error | undefined): void {
    const isPassedOver = this.#options.tls?.skipVerify === true && isCertificateError(error);
    this.events?.onSecured?.(isPassedOver ? undefined : error);
  }

  /** Whom to tell of the connection, as long as it is wanted. */
  get events(): ConnectionEvents | undefined {
    return this.#isWanted ? this.#options.events : undefined;
  }
}

/** TLS 1.0, as Go 1.15: some old devices speak nothing newer. Only for checks that do not rely on what TLS promises. */
const oldestVersion = 0x0301;

function securityOf({ serverName, skipVerify }: TlsOptions): object {
  return { serverName, rejectUnauthorized: !skipVerify, ...(skipVerify && { minVersion: oldestVersion }) };
}

/** The same for all connections: functions for each would be most of what checks leave behind to be collected. */
const handlers: Bun.SocketHandler<ConnectionAttempt> = {
  open: (socket) => socket.data.open(socket),
  handshake: (socket, isSecure, error) =>
    socket.data.finishHandshake(isSecure ? undefined : (error ?? new Error("the handshake failed"))),
  drain: (socket) => socket.data.events?.onWritable?.(),
  data: (socket, bytes) => socket.data.events?.onBytes?.(bytes),
  close: (socket, error) => socket.data.events?.onClosed?.(error),
  error: (socket, error) => socket.data.events?.onClosed?.(error),
};
