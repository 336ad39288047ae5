import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A proxy between clients and a server, on unix sockets. With it a test drops or delays requests and answers. */
export interface FaultProxy extends Disposable {
  /** "unix:PATH" of the proxy's socket. */
  readonly endpoint: string;
  /** Closes all connections, and forwards everything on new ones. */
  pass(): void;
  /** Drops all answers of the server from now on, until `pass`. */
  loseAnswers(): void;
  /** Forwards `bytes` more bytes of requests, then drops all requests until `pass`. */
  loseRequests(bytes?: number): void;
  /**
   * Holds the next data that a client sends, and drops all later data of the same connection. Resolves when the proxy has the
   * data.
   */
  holdRequests(): Promise<void>;
  /** Forwards the held data, even if its client has closed the connection; resolves when the server has answered. */
  release(): Promise<void>;
}

/** Opens a proxy in front of the server whose socket is at `to`, "unix:PATH". */
export async function openFaultProxy(to: string): Promise<FaultProxy> {
  const folder = mkdtempSync(join(tmpdir(), "fault-proxy-"));
  const path = join(folder, "socket");
  const sockets = new Set<Socket>();
  let losesAnswers = false;
  /** Number of bytes of requests that the proxy still forwards. */
  let requestBytes = Infinity;
  const held = new Map<Socket, Buffer>();
  let holding: (() => void) | undefined;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  };
  const server = createServer((inner) => {
    const outer = connect(to.slice("unix:".length));
    for (const socket of [inner, outer]) keep(socket);
    inner.on("data", (data: Buffer) => {
      if (holding) {
        held.set(outer, data);
        holding();
        holding = undefined;
      }
      if (held.has(outer)) return;
      if (requestBytes > 0) outer.write(data.subarray(0, requestBytes));
      requestBytes = Math.max(0, requestBytes - data.byteLength);
    });
    outer.on("data", (data) => {
      if (!losesAnswers) inner.write(data);
    });
    inner.on("close", () => {
      if (!held.has(outer)) outer.destroy();
    });
    outer.on("close", () => inner.destroy());
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    endpoint: `unix:${path}`,
    pass() {
      [losesAnswers, requestBytes] = [false, Infinity];
      cut();
    },
    loseAnswers: () => void (losesAnswers = true),
    loseRequests: (bytes = 0) => void (requestBytes = bytes),
    holdRequests: () => new Promise((resolve) => (holding = resolve)),
    async release() {
      const answers = [...held].map(([outer, data]) => {
        const answered = new Promise((resolve) => outer.once("data", resolve));
        outer.write(data);
        return answered;
      });
      await Promise.all(answers);
      held.clear();
    },
    [Symbol.dispose]() {
      cut();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
