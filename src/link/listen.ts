import type { Clock } from "../lib/clock.ts";
import { copyOf } from "../lib/copy-of.ts";
import type { ClusterKey, Connection } from "./connect.ts";
import type { Handler, Link } from "./link.ts";

/** A certificate and its private key, in PEM. */
export interface OwnCertificate {
  readonly certificate: string;
  readonly key: string;
}

export interface ListenOptions {
  readonly address: string;
  /** The port to listen on; 0 lets the system choose a free port. */
  readonly port: number;
  /** The cluster key and this agent's certificate; without them connections are plain TCP, and any agent may connect. */
  readonly security: { readonly key: ClusterKey; readonly certificate: OwnCertificate } | undefined;
  readonly handler: Handler;
  readonly clock: Clock;
  /** Returns why an agent at this address may not connect, which goes to both logs; undefined if it may. */
  readonly refusalOf: (from: string) => string | undefined;
  readonly onLink: (link: Link, from: string) => void;
  /** Called when a connection does not become a link, with the peer's address and the reason. */
  readonly onRefused: (from: string, reason: string) => void;
}

export interface LinkListener {
  readonly port: number;
  /** Stops accepting connections. Links that exist stay open. */
  stop(): void;
}

/**
 * Listens for the connections of other agents. The code of links is loaded when the first one arrives, since most servers are
 * alone.
 * @throws Error of the runtime when the address is not available
 */
export function listenForLinks({ address, port, security, ...options }: ListenOptions): LinkListener {
  const accept = async (from: string): Promise<Connection> => {
    const link = await import("./connect.ts");
    return new link.Connection({
      ...options,
      hasDialled: false,
      key: security?.key,
      refusal: options.refusalOf(from),
      onLink: (made) => options.onLink(made, from),
      onRefused: (reason) => options.onRefused(from, reason),
    });
  };
  const listener = Bun.listen<Arrival>({
    hostname: address,
    port,
    ...(security && { tls: { cert: security.certificate.certificate, key: security.certificate.key } }),
    socket: {
      open(socket) {
        socket.data = new Arrival(accept(socket.remoteAddress));
        socket.data.pass((connection) => connection.open(socket));
        if (!security) socket.data.pass((connection) => connection.begin());
      },
      handshake: (socket) => socket.data.pass((connection) => connection.begin()),
      data: (socket, bytes) => socket.data.receive(bytes),
      drain: (socket) => socket.data.pass((connection) => connection.flush()),
      close: (socket) => socket.data.pass((connection) => connection.end("the connection was closed")),
      error: (socket, error) => socket.data.pass((connection) => connection.end(error.message)),
    },
  });
  return { port: listener.port, stop: () => listener.stop() };
}

/** A socket's events, which wait until there is a connection to take them. */
class Arrival {
  #connection: Connection | undefined;
  readonly #waiting: ((connection: Connection) => void)[] = [];

  constructor(accepting: Promise<Connection>) {
    void accepting.then((connection) => {
      this.#connection = connection;
      for (const take of this.#waiting.splice(0)) take(connection);
    });
  }

  pass(take: (connection: Connection) => void): void {
    if (this.#connection) take(this.#connection);
    else this.#waiting.push(take);
  }

  receive(bytes: Uint8Array): void {
    if (this.#connection) return this.#connection.receive(bytes);
    // The runtime reuses the bytes.
    const copy = copyOf(bytes);
    this.#waiting.push((connection) => connection.receive(copy));
  }
}
