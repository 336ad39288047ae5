import { decode, encode, type Answer, type Packet, type Question, type RecordType } from "dns-packet";

export interface DnsQuestion {
  readonly name: string;
  /** A record type's name, or its number. */
  readonly type: string;
  /** Said with EDNS: how long a UDP answer may be. */
  readonly udpBytes?: number;
  /** Said with EDNS: the client's subnet. */
  readonly subnet?: string;
  readonly network?: "udp" | "tcp";
}

export interface DnsAnswer extends Packet {
  readonly bytes: number;
}

const timeoutMs = 5_000;

/** Asks a server as a client does, with an encoder and a decoder that are not the product's. */
export async function askDns(port: number, question: DnsQuestion): Promise<DnsAnswer> {
  const packet = encode({
    type: "query",
    id: 1 + Math.floor(Math.random() * 65_000),
    flags: 0x0100,
    questions: [{ name: question.name, type: question.type as RecordType, class: "IN" }],
    additionals: ednsOf(question),
  });
  const answer = await exchangeDns(port, packet, question.network);
  return { ...decode(Buffer.from(answer)), bytes: answer.length };
}

function ednsOf({ udpBytes, subnet }: DnsQuestion): Answer[] {
  if (udpBytes === undefined && subnet === undefined) return [];
  const options = subnet === undefined ? [] : [{ code: "CLIENT_SUBNET" as const, ip: subnet, sourcePrefixLength: 24 }];
  return [{ type: "OPT", name: ".", udpPayloadSize: udpBytes ?? 1_232, flags: 0, options } as unknown as Answer];
}

/** Sends octets as they are and resolves with the first that come back. */
export async function exchangeDns(
  port: number,
  packet: Uint8Array,
  network: "udp" | "tcp" = "udp",
): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  const close = await (network === "udp" ? openUdp(port, packet, resolve) : openTcp(port, packet, resolve));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    close();
  }
}

async function openUdp(port: number, packet: Uint8Array, take: (answer: Uint8Array) => void): Promise<() => void> {
  const socket = await Bun.udpSocket({
    connect: { hostname: "127.0.0.1", port },
    socket: { data: (_, answer) => take(answer) },
  });
  socket.send(packet);
  return () => socket.close();
}

async function openTcp(port: number, packet: Uint8Array, take: (answer: Uint8Array) => void): Promise<() => void> {
  let received = Buffer.alloc(0);
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_, bytes) {
        received = Buffer.concat([received, bytes]);
        if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) take(received.subarray(2));
      },
    },
  });
  socket.write(Buffer.concat([Buffer.from([packet.length >> 8, packet.length & 0xff]), packet]));
  return () => socket.end();
}

/** One line a record, in an order of their own where Consul has none. */
export function recordLines(records: readonly Answer[] | undefined): readonly string[] {
  return (records ?? []).map((record) => lineOf(record)).toSorted();
}

function lineOf(record: Answer): string {
  if (record.type === "OPT") {
    const options = record.options.map((option) => JSON.stringify(option));
    return `OPT ${record.udpPayloadSize} ${options.join(" ")}`.trim();
  }
  const { name, type } = record;
  const ttl = "ttl" in record ? (record.ttl ?? 0) : 0;
  return `${name} ${ttl} ${type} ${dataOf(record)}`;
}

function dataOf(record: Answer): string {
  const data: unknown = "data" in record ? record.data : undefined;
  if (record.type === "TXT") return [data].flat().map(String).join(" ");
  if (record.type !== "SOA") return typeof data === "string" ? data : JSON.stringify(data);
  const { serial: _, ...rest } = record.data;
  return JSON.stringify(rest);
}

export type { Question };
