import { FrameReader, framed } from "../../src/dns/frames.ts";
import { randomDnsId } from "./dns-exchange.ts";
import { patienceMs } from "./patience.ts";

/** Returns the octets of a DNS question: name, type and class. They follow the header in a message. */
export function questionOctets(labels: readonly string[], type = 1, of = 1): Buffer {
  const name = labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, "latin1")]));
  return Buffer.concat([...name, Buffer.from([0, type >> 8, type & 0xff, of >> 8, of & 0xff])]);
}

export interface HeaderFields {
  readonly id?: number;
  readonly flags?: number;
  /** The numbers of questions, answers, authority and additional records. */
  readonly counts?: readonly [number, number, number, number];
}

export function dnsHeader({ id = randomDnsId(), flags = 0x0100, counts = [1, 0, 0, 0] }: HeaderFields = {}): Buffer {
  const header = Buffer.alloc(12);
  for (const [at, value] of [id, flags, ...counts].entries()) header.writeUInt16BE(value, at * 2);
  return header;
}

export interface UdpClient {
  send(packet: Uint8Array): void;
  /** Everything received until now, one buffer for each packet. */
  readonly received: readonly Buffer[];
  /**
   * Resolves when `isEnough` returns true.
   * @throws Error when `isEnough` is false for longer than `withinMs` milliseconds, scaled from a quiet machine to this one
   */
  until(isEnough: () => boolean, withinMs: number): Promise<void>;
  close(): void;
}

export async function openUdpClient(port: number): Promise<UdpClient> {
  const inbox = new Inbox<Buffer>();
  const socket = await Bun.udpSocket({
    connect: { hostname: "127.0.0.1", port },
    socket: { data: (_, packet) => inbox.add(Buffer.from(packet)) },
  });
  return {
    received: inbox.received,
    until: (isEnough, withinMs) => inbox.until(isEnough, withinMs),
    send: (packet) => void socket.send(packet),
    close: () => socket.close(),
  };
}

/**
 * The received messages, and the reader that waits for more. Each arrival wakes the reader at once, because tests send thousands
 * of questions a second.
 */
class Inbox<Message> {
  readonly received: Message[] = [];
  #wake = Promise.withResolvers<boolean>();

  add(...messages: readonly Message[]): void {
    this.received.push(...messages);
    this.#wake.resolve(true);
    this.#wake = Promise.withResolvers();
  }

  async until(isEnough: () => boolean, withinMs: number): Promise<void> {
    const late = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => late.resolve(false), patienceMs(withinMs));
    try {
      while (!isEnough())
        if (!(await Promise.race([this.#wake.promise, late.promise])))
          throw new Error(`what should come has not within ${withinMs} ms; ${this.received.length} messages have`);
    } finally {
      clearTimeout(timer);
    }
  }
}

export interface TcpClient {
  /** Sends octets unchanged. */
  write(octets: Uint8Array): void;
  send(...packets: readonly Uint8Array[]): void;
  /** The messages received until now. */
  readonly received: readonly Uint8Array[];
  /**
   * Resolves when `isEnough` returns true.
   * @throws Error when `isEnough` is false for longer than `withinMs` milliseconds, scaled from a quiet machine to this one
   */
  until(isEnough: () => boolean, withinMs: number): Promise<void>;
  readonly closed: Promise<void>;
  readonly isClosed: boolean;
  pause(): void;
  close(): void;
}

export async function openTcpClient(port: number): Promise<TcpClient> {
  const inbox = new Inbox<Uint8Array>();
  const frames = new FrameReader();
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  let isClosed = false;
  const end = (): void => {
    isClosed = true;
    resolve();
  };
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: { data: (_, bytes) => inbox.add(...frames.read(bytes)), close: end, error: end, end },
  });
  return {
    received: inbox.received,
    until: (isEnough, withinMs) => inbox.until(isEnough, withinMs),
    closed,
    get isClosed() {
      return isClosed;
    },
    write: (octets) => void socket.write(octets),
    send: (...packets) => void socket.write(Buffer.concat(packets.map(framed))),
    pause: () => socket.pause(),
    close: () => socket.terminate(),
  };
}
