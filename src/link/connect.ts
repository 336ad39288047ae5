import type { Clock } from "../lib/clock.ts";
import { messageOf, OperatingError } from "../lib/errors.ts";
import { FrameReader } from "./frames.ts";
import { type ClusterKey, Greeter, type Purpose } from "./greeting.ts";
import { type Handler, Link, type LinkOptions } from "./link.ts";
import { clientFault, dialOptions, type LinkTls, portOptions, type PortSecurity, serverFault } from "./link-tls.ts";
import { handlersOf, type LinkListener, type QueuedSocket, type SocketUser } from "./socket.ts";

/** The agent to connect to, and the cluster key. */
export interface PeerOptions {
  readonly host: string;
  readonly port: number;
  readonly key: ClusterKey | undefined;
  /** The certificates of this agent; undefined if none is shown or verified. */
  readonly tls?: LinkTls | undefined;
  readonly clock: Clock;
}

export interface DialOptions extends PeerOptions {
  readonly handler: Handler;
  /** Whether the link is only to get a certificate; default: an ordinary link. */
  readonly isForCertificate?: boolean;
}

export interface PortOptions {
  readonly address: string;
  /** The port to listen on; 0 lets the system choose a free port. */
  readonly port: number;
  /** The cluster key and the certificates; without them connections are plain TCP, and any agent may connect. */
  readonly security: PortSecurity | undefined;
  readonly clock: Clock;
  /** Returns why an agent at this address may not connect, which goes to both logs; undefined if it may. */
  readonly refusalOf: (from: string, purpose: Purpose) => string | undefined;
  /** Called with each connection whose greetings are accepted. It gives the socket its next user. */
  readonly onConnection: (socket: QueuedSocket, purpose: Purpose, from: string) => void;
  /** Called when a connection is refused or ends before its greetings, with the peer's address and the reason. */
  readonly onRefused: (from: string, reason: string) => void;
}

/**
 * Connects to an agent.
 * @throws OperatingError unavailable "cannot-connect" naming the address and the reason
 */
export function dial({ handler, isForCertificate = false, ...options }: DialOptions): Promise<Link> {
  return connect(options, { carries: isForCertificate ? "certificate" : "link" }, (socket) =>
    openLink(socket, { hasDialled: true, handler, clock: options.clock }),
  );
}

/**
 * Connects to the etcd of another server through that server's port.
 * @param to the other server's node id
 * @param use gives the open socket its user
 * @throws OperatingError unavailable "cannot-connect" naming the address and the reason
 */
export function dialEtcd(options: PeerOptions, to: string, use: (socket: QueuedSocket) => void): Promise<void> {
  return connect(options, { carries: "raft", to }, use);
}

/** Resolves with the result of `use`, which is called with the open socket and gives it its user. */
function connect<Result>(
  { host, port, key, tls, clock }: PeerOptions,
  purpose: Purpose,
  use: (socket: QueuedSocket) => Result,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onRefused = (reason: string, cause?: unknown): void =>
      reject(
        new OperatingError(
          "unavailable",
          "cannot-connect",
          `cannot connect to the agent at ${host}:${port}: ${reason}`,
          { cause },
        ),
      );
    const onGreeted = (greeted: QueuedSocket): void => resolve(use(greeted));
    const isTls = key !== undefined || tls !== undefined;
    const { socket } = new Greeter({
      ...{ key, isTls, clock, purpose, onGreeted, onRefused },
      certificateFault: (error) => serverFault(tls, error),
    });
    Bun.connect<QueuedSocket>({
      hostname: host,
      port,
      data: socket,
      ...(isTls && { tls: dialOptions(tls) }),
      socket: handlersOf(isTls),
    }).catch((error: unknown) => onRefused(messageOf(error), error));
  });
}

/**
 * Listens for the connections of other agents, whatever their purpose.
 * @throws Error of the runtime when the address is not available
 */
export function listenForAgents({ address, port, security, ...options }: PortOptions): LinkListener {
  const handlers = handlersOf(security !== undefined);
  const listener = Bun.listen<QueuedSocket>({
    hostname: address,
    port,
    ...(security && { tls: portOptions(security) }),
    socket: {
      ...handlers,
      open(socket) {
        const from = socket.remoteAddress;
        socket.data = new Greeter({
          key: security?.key,
          isTls: security !== undefined,
          certificateFault: (error) => clientFault(security?.tls, error),
          signsCertificates: security?.signing !== undefined,
          clock: options.clock,
          purpose: undefined,
          refusalOf: (purpose) => options.refusalOf(from, purpose),
          onGreeted: (greeted, purpose) => options.onConnection(greeted, purpose, from),
          onRefused: (reason) => options.onRefused(from, reason),
        }).socket;
        void handlers.open?.(socket);
      },
    },
  });
  return { port: listener.port, stop: () => listener.stop() };
}

/** Makes the socket carry a link. */
export function openLink(socket: QueuedSocket, options: LinkOptions): Link {
  const link = new Link(socket, options);
  socket.user = new LinkUser(link);
  return link;
}

class LinkUser implements SocketUser {
  readonly #link: Link;
  readonly #frames = new FrameReader();

  constructor(link: Link) {
    this.#link = link;
  }

  receive(bytes: Uint8Array): void {
    try {
      for (const frame of this.#frames.read(bytes)) this.#link.take(frame);
      this.#link.heard();
    } catch (error) {
      this.#link.close(`the other agent sent what is no frame: ${messageOf(error)}`);
    }
  }

  ended(reason: string): void {
    this.#link.lose(reason);
  }
}
