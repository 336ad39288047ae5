import { copyOf } from "../lib/copy-of.ts";
import { messageOf } from "../lib/errors.ts";
import type { Pipe } from "./link.ts";

export interface LinkListener {
  readonly port: number;
  /** Stops accepting connections. Links that exist stay open. */
  stop(): void;
}

/** Takes what arrives on a socket. */
export interface SocketUser {
  /** Called once, when the connection can carry bytes: it is open and, with TLS, the handshake has ended, perhaps with an error. */
  opened?(error?: Error): void;
  /** @param bytes valid during the call only */
  receive(bytes: Uint8Array): void;
  /** Called when the system has taken all bytes of earlier writes. */
  drained?(): void;
  /** Called once, when the connection has ended. */
  ended(reason: string): void;
}

/**
 * One end of a TCP, TLS or unix connection, which queues the bytes that the system does not take at once. Bytes may be written
 * before the connection is open.
 */
export class QueuedSocket implements Pipe {
  /** Takes what arrives from now on. */
  user: SocketUser;
  #socket: Bun.Socket<unknown> | undefined;
  #unsent: Uint8Array[] = [];
  /** Whether the socket closes when the queue is empty. */
  #isFinishing = false;
  #isClosed = false;
  #hasEnded = false;

  constructor(user: SocketUser) {
    this.user = user;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Returns keying material of the TLS connection (RFC 5705). @throws Error when the handshake has not succeeded */
  keyingMaterial(bytes: number, label: string, context: string): Uint8Array {
    if (!this.#socket) throw new Error("the connection is not open");
    const material: Uint8Array | undefined = this.#socket.exportKeyingMaterial(bytes, label, Buffer.from(context));
    // Bun returns nothing, and throws nothing, for a socket that has closed.
    if (material?.length !== bytes) throw new Error("the connection has no keying material");
    return material;
  }

  /** Sends the bytes, in order. Returns whether the system has taken them all; if not, `drained` of the user is called later. */
  write(bytes: Uint8Array): boolean {
    if (this.#isClosed) return true;
    const taken = this.#socket && this.#unsent.length === 0 ? this.#send(bytes) : 0;
    if (taken === bytes.length) return true;
    this.#unsent.push(copyOf(bytes, taken));
    return false;
  }

  /** Stops reading, so that the peer soon cannot send more. */
  pause(): void {
    if (!this.#isClosed) this.#socket?.pause();
  }

  resume(): void {
    if (!this.#isClosed) this.#socket?.resume();
  }

  /** Closes the connection when all bytes of earlier writes are sent. */
  finish(): void {
    if (this.#unsent.length === 0) this.close();
    else this.#isFinishing = true;
  }

  /** Closes the connection without waiting for what is queued. With TLS, Bun waits for the peer's answer, for 12 s at most. */
  close(): void {
    this.#isClosed = true;
    this.#unsent = [];
    this.#socket?.end();
  }

  /** Called by the runtime's handlers. */
  open(socket: Bun.Socket<unknown>): void {
    this.#socket = socket;
    if (this.#isClosed) return void socket.end();
    // Messages of both protocols are small, and Nagle's algorithm would delay each of them.
    socket.setNoDelay(true);
  }

  /** Called by the runtime's handlers when the connection can carry bytes. */
  opened(error?: Error): void {
    this.user.opened?.(error);
    this.flush();
  }

  /** Sends what is queued. Called by the runtime's handlers when the system takes bytes again. */
  flush(): void {
    for (let [first] = this.#unsent; first; [first] = this.#unsent) {
      const taken = this.#send(first);
      if (taken < first.length) {
        this.#unsent[0] = first.subarray(taken);
        return;
      }
      this.#unsent.shift();
    }
    if (this.#isFinishing) this.close();
    else if (!this.#isClosed) this.user.drained?.();
  }

  /** Called by the runtime's handlers, or when the connection could not be made. */
  end(reason: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#isClosed = true;
    this.#unsent = [];
    this.user.ended(reason);
  }

  /** Returns the number of bytes that the system has taken; 0 for a socket that has closed, whose `close` follows. */
  #send(bytes: Uint8Array): number {
    return Math.max(0, this.#socket?.write(bytes) ?? 0);
  }
}

/** Returns the runtime's handlers for sockets whose `data` is a QueuedSocket. */
export function handlersOf(isTls: boolean): Bun.SocketHandler<QueuedSocket> {
  return {
    open(socket) {
      socket.data.open(socket);
      if (!isTls) socket.data.opened();
    },
    handshake: (socket, _isSecure, error) => socket.data.opened(error ?? undefined),
    data: (socket, bytes) => socket.data.user.receive(bytes),
    drain: (socket) => socket.data.flush(),
    close: (socket) => socket.data.end("the connection was closed"),
    error: (socket, error) => socket.data.end(error.message),
  };
}

/** Connects to a unix socket. The bytes that are written before the connection is open are sent then. */
export function connectUnix(path: string, user: SocketUser): QueuedSocket {
  const socket = new QueuedSocket(user);
  Bun.connect<QueuedSocket>({ unix: path, data: socket, socket: handlersOf(false) }).catch((error: unknown) =>
    socket.end(messageOf(error)),
  );
  return socket;
}

/** Listens on a unix socket, whose file must not exist. `userOf` returns the user of a new connection. */
export function listenUnix(path: string, accept: (socket: QueuedSocket) => SocketUser): { stop(): void } {
  const refuse: SocketUser = { receive() {}, ended() {} };
  const listener = Bun.listen<QueuedSocket>({
    unix: path,
    socket: {
      ...handlersOf(false),
      open(socket) {
        socket.data = new QueuedSocket(refuse);
        socket.data.open(socket);
        socket.data.user = accept(socket.data);
      },
    },
  });
  return { stop: () => listener.stop() };
}

/**
 * Copies each socket's bytes to the other one, and reads no more of one than the other one takes. When one ends, the other one is
 * closed after the bytes that are on their way.
 * @param onEnd called when either has ended, once or twice
 */
export function splice(one: QueuedSocket, other: QueuedSocket, onEnd: () => void = () => {}): void {
  copy(one, other, onEnd);
  copy(other, one, onEnd);
}

function copy(from: QueuedSocket, to: QueuedSocket, onEnd: () => void): void {
  const ended = (): void => {
    to.finish();
    onEnd();
  };
  from.user = {
    receive: (bytes) => {
      if (!to.write(bytes)) from.pause();
    },
    drained: () => to.resume(),
    ended,
  };
  if (from.hasEnded) ended();
}
