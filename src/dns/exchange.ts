import type { Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import type { Network } from "./fit.ts";
import { FrameReader, framed } from "./frames.ts";
import { socketError } from "./socket-error.ts";

/** The address of another DNS server. */
export interface Upstream {
  readonly host: string;
  readonly port: number;
}

export interface ExchangeOptions {
  readonly network: Network;
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Returns whether a packet answers the question. Other packets are ignored. */
  readonly isAnswer: (packet: Uint8Array) => boolean;
}

/**
 * Sends a question from a new socket and resolves with the answer.
 * @throws Error when the socket fails or no answer comes in time
 */
export async function exchange(question: Uint8Array, to: Upstream, options: ExchangeOptions): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const timer = options.clock.schedule(options.timeoutMs, () => reject(new Error("timeout")));
  const take = (packet: Uint8Array): void => {
    if (options.isAnswer(packet)) resolve(packet);
  };
  const open = options.network === "udp" ? openUdp : openTcp;
  const opened = open(question, to, { take, fail: reject });
  try {
    await Promise.race([opened, promise]);
    return await promise;
  } finally {
    timer.cancel();
    // Closes the socket even if it opens only after the timeout.
    opened.then(
      (close) => close(),
      () => {},
    );
  }
}

interface Receiver {
  readonly take: (packet: Uint8Array) => void;
  readonly fail: (error: Error) => void;
}

async function openUdp(question: Uint8Array, to: Upstream, { take, fail }: Receiver): Promise<() => void> {
  const socket = await Bun.udpSocket({
    connect: { hostname: to.host, port: to.port },
    socket: { data: (_, packet) => take(packet), error: (...given) => fail(socketError(...given)) },
  });
  socket.send(question);
  return () => socket.close();
}

async function openTcp(question: Uint8Array, to: Upstream, { take, fail }: Receiver): Promise<() => void> {
  const frames = new FrameReader();
  const socket = await Bun.connect({
    hostname: to.host,
    port: to.port,
    socket: {
      data: (_, bytes) => frames.read(bytes).forEach(take),
      error: (_, error) => fail(error),
      close: () => fail(new Error("the connection was closed")),
      connectError: (_, error) => fail(new Error(messageOf(error))),
    },
  });
  socket.write(framed(question));
  return () => socket.end();
}
