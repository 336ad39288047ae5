import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A proxy on a unix socket in front of a server's, with which a test loses requests or answers. */
export interface FaultProxy extends Disposable {
  /** "unix:PATH" of the proxy's socket. */
  readonly endpoint: string;
  /** Forwards new connections, and closes those on which something was lost. */
  pass(): void;
  /** From now on loses what the server answers. */
  loseAnswers(): void;
  /** From now on loses what clients send, after `bytes` more. */
  loseRequests(bytes?: number): void;
  /** Resolves when clients have sent something, which is held from now on; what they send after that on the same connections is lost. */
  holdRequests(): Promise<void>;
  /** Forwards what is held, also of clients that have gone; resolves when the server has answered. */
  release(): Promise<void>;
}

/** @param to "unix:PATH" of the server's socket */
export async function openFaultProxy(to: string): Promise<FaultProxy> {
  const folder = mkdtempSync(join(tmpdir(), "fault-proxy-"));
  const path = join(folder, "socket");
  const sockets = new Set<Socket>();
  let losesAnswers = false;
  /** Bytes of requests that are still forwarded. */
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
