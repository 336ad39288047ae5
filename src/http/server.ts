import { sleep, type Clock } from "../lib/clock.ts";
import { OperatingError, messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { explainListenFailure } from "../lib/port-holders.ts";
import { logFinished, type PeerAddress } from "./request-log.ts";
import { emptyPartsMax, partsMax, routesBySentPath, type SentPath } from "./sent-path.ts";
import { removeStaleSocket, setSocketOwner, type SocketOwner } from "./unix-socket.ts";

/** Answers requests. */
export interface RequestHandler {
  /**
   * Answers a request.
   * @param path the path as the client sent it, which can differ from the one in `request.url`
   * @param connections the listener that accepted the request
   */
  handle(request: Request, path: SentPath, connections: Connections): Response | Promise<Response>;
  /** Returns a 400 with the reason, for a request whose path cannot be decoded or has too many parts. */
  refuse(reason: string): Response;
}

/** The connections of requests that are under way. */
export interface Connections {
  /** The name of the client agent's node that passes the requests on; undefined for connections of HTTP clients. */
  readonly agentNode?: string;
  /** The secret of the default token of that agent, "" for none; undefined to take that of this agent. */
  readonly agentToken?: string | undefined;
  /** Returns the address of the connection's other end; null on a unix socket. */
  requestIP(request: Request): PeerAddress | null;
  /** Sets the idle limit of a connection. @param seconds how long it may be idle before the answer; 0 for no limit */
  timeout(request: Request, seconds: number): void;
}

/** Returns the connections of a request that came to this process by another way than a listener. @param peer the address of its client */
export function withoutConnection(peer: string | undefined): Connections {
  return { requestIP: () => (peer === undefined ? null : { address: peer, port: 0 }), timeout: () => {} };
}

/** Returns a function that returns where a request comes from: its client's address, behind the agent that passes it on. */
export function placeOf(request: Request, connections: Connections): () => string | undefined {
  return () => {
    const address = connections.requestIP(request)?.address;
    const { agentNode } = connections;
    return address === undefined || agentNode === undefined ? address : `${agentNode} ${address}`;
  };
}

/** The served API: its name in the log, and the flags that choose its port. */
export interface Listening {
  readonly name: "HTTP" | "keeper";
  readonly portFlags: string;
}

export interface ListenOptions {
  readonly listening: Listening;
  /** IP addresses, or "unix:///path". */
  readonly addresses: readonly string[];
  readonly port: number;
  /** The certificates for HTTPS; without them the server speaks HTTP. */
  readonly tls?: Bun.TLSOptions | undefined;
  readonly socketOwner: SocketOwner;
  readonly router: RequestHandler;
  readonly clock: Clock;
  readonly log: Log;
}

export interface HttpServer {
  /** The addresses on which the server listens: "127.0.0.1:8500", "unix:///path". */
  readonly addresses: readonly string[];
  /** Serves new connections with these certificates. Requests under way end on the old listeners. */
  listenAnew(tls: Bun.TLSOptions | undefined): Promise<void>;
  /** Stops accepting connections until `resume`. Requests under way continue, idle connections are closed. */
  pause(): void;
  /**
   * Accepts connections again.
   * @throws OperatingError unavailable if an address is not available; the server then listens on no address
   */
  resume(): Promise<void>;
  /** Stops listening, lets answers under way finish, and closes the remaining connections. */
  stop(): Promise<void>;
}

type Listener = Bun.Server<undefined>;

/** How long `stop` lets requests under way finish, in milliseconds. */
const graceMs = 500;

/**
 * Listens on all addresses, or on none of them.
 * @throws OperatingError unavailable naming the address that is not available
 */
export async function listen(options: ListenOptions): Promise<HttpServer> {
  let listeners: Listener[] = [];
  let { tls } = options;
  let isPaused = false;
  /** Listeners that accept no new connections and serve only the open ones. */
  const leaving = new Set<Listener>();
  const network = tls ? "https" : "http";
  const open = async (): Promise<void> => {
    try {
      for (const address of options.addresses) listeners.push(await listenOn(address, { ...options, tls }));
    } catch (error) {
      await endAll(listeners);
      listeners = [];
      throw error;
    }
  };
  const leave = (): void => {
    for (const listener of listeners) {
      leaving.add(listener);
      void listener.stop().then(() => leaving.delete(listener));
    }
    listeners = [];
  };
  await open();
  const addresses = listeners.map((listener) => listener.url.host || listener.url.href);
  for (const address of addresses) options.log.info(`Started ${options.listening.name} server`, { address, network });
  return {
    addresses,
    async listenAnew(next) {
      tls = next;
      if (isPaused) return;
      leave();
      await open();
    },
    pause() {
      isPaused = true;
      leave();
    },
    async resume() {
      if (!isPaused) return;
      await open();
      isPaused = false;
    },
    async stop() {
      const all = [...listeners, ...leaving];
      const ended = Promise.all(all.map((listener) => listener.stop()));
      await Promise.race([ended, sleep(options.clock, graceMs)]);
      await endAll(all);
    },
  };
}

async function endAll(listeners: readonly Listener[]): Promise<void> {
  await Promise.all(listeners.map((listener) => listener.stop(true)));
}

async function listenOn(address: string, options: ListenOptions): Promise<Listener> {
  const { clock, log, port, tls, router, socketOwner } = options;
  const answer = (request: Request, listener: Listener, sentPath?: SentPath): Response | Promise<Response> =>
    sentPath ? router.handle(request, sentPath, listener) : router.refuse(tooManyParts);
  const handle: typeof answer = (request, listener, sentPath) =>
    log.writes("debug")
      ? logFinished(request, () => answer(request, listener, sentPath), {
          path: sentPath,
          peer: listener.requestIP(request),
          clock,
          log,
        })
      : answer(request, listener, sentPath);
  const routes = routesBySentPath(handle);
  const fetch = (request: Request, listener: Listener): Response | Promise<Response> => handle(request, listener);
  // Each endpoint limits its body itself, with its own error.
  const maxRequestBodySize = Number.MAX_SAFE_INTEGER;
  const shared = { routes, fetch, development: false, maxRequestBodySize, ...(tls && { tls }) };
  const path = socketPath(address);
  if (path === undefined) {
    // Bun sets SO_REUSEPORT by default, so two agents could share a port, each with half of the requests.
    const alone = { ...patient, reusePort: false };
    const serve = (): Listener => Bun.serve({ ...shared, ...alone, hostname: address, port });
    const flags = { portFlags: options.listening.portFlags, addressFlag: "-client" };
    return start(hostAndPort(address, port), serve, (error) =>
      explainListenFailure({ network: "tcp", address, port, error, ...flags }),
    );
  }
  await removeStaleSocket(path);
  const serve = (): Listener => Bun.serve({ ...shared, ...patient, unix: path });
  const listener = start(path, serve, (error) => `${messageOf(error)}. Name another path in the field addresses.`);
  try {
    setSocketOwner(path, socketOwner);
  } catch (error) {
    await listener.stop(true);
    throw error;
  }
  return listener;
}

const tooManyParts =
  `the path has too many parts: at most ${partsMax} between slashes, or ${emptyPartsMax} with one of them empty. ` +
  "Send a slash that divides nothing as %2F";

function start(where: string, serve: () => Listener, explain: (error: unknown) => string): Listener {
  try {
    return serve();
  } catch (cause) {
    throw new OperatingError("unavailable", "cannot-listen", `cannot listen on ${where}: ${explain(cause)}`, { cause });
  }
}

function socketPath(address: string): string | undefined {
  return address.startsWith("unix://") ? address.slice("unix://".length) : undefined;
}

function hostAndPort(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The time in seconds after which an idle connection is closed. Go's clients keep idle connections for 90 s. */
const idleTimeoutS = 120;
/**
 * The idle timeout as an option of Bun.serve. Bun also applies it to unix sockets (default 10 s), although Bun's types lack the
 * option for them.
 */
const patient: object = { idleTimeout: idleTimeoutS };
