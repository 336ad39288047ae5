import type { Clock } from "../lib/clock.ts";
import { copyOf } from "../lib/copy-of.ts";
import { OperatingError } from "../lib/errors.ts";
import type { Handler, Link } from "./link.ts";
import type { Purpose } from "./greeting.ts";
import { clientFault, portOptions, type PortSecurity } from "./link-tls.ts";
import type { LinkListener, QueuedSocket } from "./socket.ts";

export interface ListenOptions {
  readonly address: string;
  /** The port to listen on; 0 lets the system choose a free port. */
  readonly port: number;
  /** The cluster key and the certificates; without them connections are plain TCP, and any agent may connect. */
  readonly security: PortSecurity | undefined;
  readonly handler: Handler;
  /**
   * Returns the handler for the calls over a link that is only to get a certificate, from the agent at an address; undefined if the
   * server signs none.
   */
  readonly signer?: ((from: string) => Handler) | undefined;
  readonly clock: Clock;
  /** Returns why an agent at this address may not connect, which goes to both logs; undefined if it may. */
  readonly refusalOf: (from: string, purpose: Purpose) => string | undefined;
  readonly onLink: (link: Link, from: string) => void;
  /** Called when a connection does not become a link, with the peer's address and the reason. */
  readonly onRefused: (from: string, reason: string) => void;
}

/**
 * Listens for the connections of other agents. The code of links is loaded when the first one arrives, since most servers are
 * alone.
 * @throws Error of the runtime when the address is not available
 */
export function listenForLinks({ address, port, security, ...options }: ListenOptions): LinkListener {
  const { handler, signer = signsNothing, clock } = options;
  const accept = async (from: string): Promise<QueuedSocket> => {
    const [{ openLink }, { Greeter }] = await Promise.all([import("./connect.ts"), import("./greeting.ts")]);
    return new Greeter({
      ...{ key: security?.key, isTls: security !== undefined, clock, purpose: undefined },
      certificateFault: (error) => clientFault(security?.tls, error),
      signsCertificates: security?.signing !== undefined,
      refusalOf: (purpose) =>
        purpose.carries === "raft" ? "this server has no etcd of its own" : options.refusalOf(from, purpose),
      onGreeted(socket, { carries }) {
        const answering = { handler: carries === "certificate" ? signer(from) : handler, clock };
        options.onLink(openLink(socket, { hasDialled: false, ...answering }), from);
      },
      onRefused: (reason) => options.onRefused(from, reason),
    }).socket;
  };
  const listener = Bun.listen<Arrival>({
    hostname: address,
    port,
    ...(security && { tls: portOptions(security) }),
    socket: {
      open(socket) {
        socket.data = new Arrival(accept(socket.remoteAddress));
        socket.data.pass((queued) => queued.open(socket));
        if (!security) socket.data.pass((queued) => queued.opened());
      },
      handshake: (socket, _isSecure, error) => socket.data.pass((queued) => queued.opened(error ?? undefined)),
      data: (socket, bytes) => socket.data.receive(bytes),
      drain: (socket) => socket.data.pass((queued) => queued.flush()),
      close: (socket) => socket.data.pass((queued) => queued.end("the connection was closed")),
      error: (socket, error) => socket.data.pass((queued) => queued.end(error.message)),
    },
  });
  return { port: listener.port, stop: () => listener.stop() };
}

/** Answers where `refusalOf` refuses links for certificates. */
export const signsNothing = (): Handler => () =>
  Promise.reject(new OperatingError("denied", "signs-nothing", "this server signs no certificates"));

/** A socket's events, which wait until there is a QueuedSocket to take them. */
class Arrival {
  #queued: QueuedSocket | undefined;
  readonly #waiting: ((queued: QueuedSocket) => void)[] = [];

  constructor(accepting: Promise<QueuedSocket>) {
    void accepting.then((queued) => {
      this.#queued = queued;
      for (const take of this.#waiting.splice(0)) take(queued);
    });
  }

  pass(take: (queued: QueuedSocket) => void): void {
    if (this.#queued) take(this.#queued);
    else this.#waiting.push(take);
  }

  receive(bytes: Uint8Array): void {
    if (this.#queued) return this.#queued.user.receive(bytes);
    // The runtime reuses the bytes.
    const copy = copyOf(bytes);
    this.#waiting.push((queued) => queued.user.receive(copy));
  }
}
