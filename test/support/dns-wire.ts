import { FrameReader, framed } from "../../src/dns/frames.ts";

/** A question's octets after its header: name, type and class. */
export function questionOctets(labels: readonly string[], type = 1, of = 1): Buffer {
  const name = labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, "latin1")]));
  return Buffer.concat([...name, Buffer.from([0, type >> 8, type & 0xff, of >> 8, of & 0xff])]);
}

export interface HeaderFields {
  readonly id?: number;
  readonly flags?: number;
  /** Questions, answers, authority, additional. */
  readonly counts?: readonly [number, number, number, number];
}

export function dnsHeader({ id = 7, flags = 0x0100, counts = [1, 0, 0, 0] }: HeaderFields = {}): Buffer {
  const header = Buffer.alloc(12);
  for (const [at, value] of [id, flags, ...counts].entries()) header.writeUInt16BE(value, at * 2);
  return header;
}

export interface UdpClient {
  send(packet: Uint8Array): void;
  /** All that came back until now. */
  readonly received: readonly Buffer[];
  close(): void;
}

export async function openUdpClient(port: number): Promise<UdpClient> {
  const received: Buffer[] = [];
  const socket = await Bun.udpSocket({
    connect: { hostname: "127.0.0.1", port },
    socket: { data: (_, packet) => void received.push(Buffer.from(packet)) },
  });
  return { received, send: (packet) => void socket.send(packet), close: () => socket.close() };
}

export interface TcpClient {
  /** Octets as they are. */
  write(octets: Uint8Array): void;
  send(...packets: readonly Uint8Array[]): void;
  /** The messages that came back until now. */
  readonly received: readonly Uint8Array[];
  readonly closed: Promise<void>;
  readonly isClosed: boolean;
  pause(): void;
  close(): void;
}

export async function openTcpClient(port: number): Promise<TcpClient> {
  const received: Uint8Array[] = [];
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
    socket: { data: (_, bytes) => void received.push(...frames.read(bytes)), close: end, error: end, end },
  });
  return {
    received,
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
