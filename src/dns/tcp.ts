import type { Clock, Timer } from "../lib/clock.ts";
import { FrameReader, framed } from "./frames.ts";
import type { PacketResponder } from "./responder.ts";

/** The time in milliseconds after which an idle connection is closed. RFC 7766, section 6.2.3: a few seconds. */
const idleMs = 10_000;
const connectionsMax = 256;
/** Maximum number of connections of one client: a quarter of all, so that one client cannot use all of them. */
const connectionsPerClientMax = 64;
/**
 * Maximum bytes of unsent answers on a connection. A client that sends queries and never reads exceeds them, and is disconnected.
 */
const unsentBytesMax = 256 * 1024;

interface Connection {
  readonly frames: FrameReader;
  unsent: Uint8Array;
  idle: Timer | undefined;
  /** The client's address. */
  readonly client: string;
}

interface TcpOptions {
  readonly responder: PacketResponder;
  readonly clock: Clock;
}

/** Answers DNS over TCP. Returns a function that closes the listener and all connections. */
export function listenTcp(hostname: string, port: number, { responder, clock }: TcpOptions): () => void {
  let connections = 0;
  const byClient = new Map<string, number>();
  /** Counts a connection that a client opened or closed. Returns the number of the client's connections. */
  const count = (client: string, change: 1 | -1): number => {
    connections += change;
    const own = (byClient.get(client) ?? 0) + change;
    if (own > 0) byClient.set(client, own);
    else byClient.delete(client);
    return own;
  };
  const stayOpen = (socket: Bun.Socket<Connection>): void => {
    socket.data.idle?.cancel();
    socket.data.idle = clock.schedule(idleMs, () => socket.terminate());
  };
  const listener = Bun.listen<Connection>({
    hostname,
    port,
    data: { frames: new FrameReader(), unsent: new Uint8Array(), idle: undefined, client: "" },
    socket: {
      open(socket) {
        const client = socket.remoteAddress;
        socket.data = { frames: new FrameReader(), unsent: new Uint8Array(), idle: undefined, client };
        const own = count(client, 1);
        if (connections > connectionsMax || own > connectionsPerClientMax) socket.terminate();
        else stayOpen(socket);
      },
      data(socket, bytes) {
        for (const packet of socket.data.frames.read(bytes)) {
          // Only a complete message restarts the idle timeout; a part of a message does not.
          stayOpen(socket);
          respond(socket, packet, responder);
        }
      },
      drain: (socket) => flush(socket),
      close(socket) {
        count(socket.data.client, -1);
        socket.data.idle?.cancel();
      },
      error: (socket) => socket.terminate(),
    },
  });
  return () => listener.stop(true);
}

function respond(socket: Bun.Socket<Connection>, packet: Uint8Array, responder: PacketResponder): void {
  const answered = responder.respond(packet, { network: "tcp", address: socket.remoteAddress });
  if (answered instanceof Promise) void answered.then((late) => late && send(socket, late));
  else if (answered) send(socket, answered);
}

function send(socket: Bun.Socket<Connection>, message: Uint8Array): void {
  if (socket.readyState <= 0) return;
  socket.data.unsent = Buffer.concat([socket.data.unsent, framed(message)]);
  if (socket.data.unsent.length > unsentBytesMax) socket.terminate();
  else flush(socket);
}

function flush(socket: Bun.Socket<Connection>): void {
  const { unsent } = socket.data;
  if (unsent.length > 0) socket.data.unsent = unsent.subarray(Math.max(0, socket.write(unsent)));
}
