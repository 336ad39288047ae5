import { decode, encode, type Answer, type DecodedPacket, type RecordClass, type RecordType } from "dns-packet";
import { patienceMs } from "./patience.ts";

export interface DnsQuestion {
  readonly name: string;
  /** A record type's name, or "UNKNOWN_" and its number. */
  readonly type: string;
  readonly class: string;
  /** The header's second 16-bit word: flags and opcode. */
  readonly flags: number;
  readonly network: "udp" | "tcp";
  /** The size of the largest UDP answer that the client accepts, in octets, which the client sends by EDNS. */
  readonly udpBytes?: number;
  /** The client's subnet, an EDNS option. */
  readonly subnet?: string;
  /** An additional EDNS option. */
  readonly option?: { readonly code: number; readonly data: Buffer };
  /**
   * The numbers of questions, answers, authority and additional records that the header states, if they differ from the real
   * ones.
   */
  readonly counts?: readonly number[];
  /** The number of octets that are cut off at the end of the packet. */
  readonly cutBytes: number;
}

const flagBits: Readonly<Record<string, number>> = {
  ...{ qr: 0x8000, aa: 0x0400, tc: 0x0200, rd: 0x0100, ra: 0x0080, z: 0x0040, ad: 0x0020, cd: 0x0010 },
};

/**
 * Parses a name, a type and options, as in "edge1.node.consul A tcp". The options are "tcp"; "edns=1232", the largest answer that
 * the client accepts, in octets; "subnet=10.1.2.0", the client's subnet; "class=CH"; "norecurse". Further options make questions
 * that no resolver sends: "flags=ad,cd" and "opcode=5" set the header; "counts=2,0,0,0" states wrong numbers of records; "cut=3"
 * cuts octets off at the end; "option=8:00ff" adds an EDNS option.
 */
export function parseDnsQuestion(line: string): DnsQuestion {
  const [name = "", type = "A", ...options] = line.split(" ");
  const valueOf = (option: string): string | undefined =>
    options.find((each) => each.startsWith(`${option}=`))?.slice(option.length + 1);
  const [udpBytes, subnet, option, counts] = ["edns", "subnet", "option", "counts"].map(valueOf);
  const flags = [options.includes("norecurse") ? "" : "rd", ...(valueOf("flags") ?? "").split(",")];
  return {
    name,
    type,
    class: valueOf("class") ?? "IN",
    flags: flags.reduce((word, flag) => word | (flagBits[flag] ?? 0), Number(valueOf("opcode") ?? 0) << 11),
    network: options.includes("tcp") ? "tcp" : "udp",
    ...(udpBytes !== undefined && { udpBytes: Number(udpBytes) }),
    ...(subnet !== undefined && { subnet }),
    ...(option !== undefined && { option: parseOption(option) }),
    ...(counts !== undefined && { counts: counts.split(",").map(Number) }),
    cutBytes: Number(valueOf("cut") ?? 0),
  };
}

function parseOption(text: string): { code: number; data: Buffer } {
  const [code, data = ""] = text.split(":");
  return { code: Number(code), data: Buffer.from(data, "hex") };
}

export interface DnsAnswer extends DecodedPacket {
  /** The response code's name, such as "NOERROR". */
  readonly rcode: string;
  readonly bytes: number;
}

const quietMs = 3_000;
const rcodeNames = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"];

/** The error when the server sends no answer in time, or closes the connection. */
export class NoDnsAnswer extends Error {}

/**
 * Sends a question to a DNS server on this machine and returns the answer. It uses the encoder and the decoder of dns-packet, not
 * those of the product. parseDnsQuestion describes the form of `line`.
 * @throws NoDnsAnswer, and Error for an answer that a resolver would refuse
 */
export async function askDns(port: number, line: string): Promise<DnsAnswer> {
  const question = parseDnsQuestion(line);
  const packet = packetOf(question);
  return readDnsAnswer(packet, await exchangeDns(port, packet, question.network));
}

/** Decodes an answer. @throws Error when a resolver that sent `question` would refuse the answer */
export function readDnsAnswer(question: Uint8Array, answer: Uint8Array): DnsAnswer {
  const flaw = flawInAnswer(question, answer);
  if (flaw !== undefined) throw new Error(`a resolver refuses this answer: ${flaw}`);
  const rcode = rcodeNames[(answer[3] ?? 0) & 0xf] ?? "other";
  return { ...decode(Buffer.from(answer)), rcode, bytes: answer.length };
}

/**
 * Returns why a resolver that sent `question` would refuse `answer` as forged or as meant for another question; undefined when it
 * would accept the answer. The letter case of the name must match, because some resolvers vary it to detect forgeries.
 */
export function flawInAnswer(question: Uint8Array, answer: Uint8Array): string | undefined {
  if (answer.length < headerBytes) return `it has ${answer.length} octets, fewer than a header`;
  const [asked, told] = [headerOf(question), headerOf(answer)];
  if (told.id !== asked.id) return `its id is ${told.id}, not ${asked.id}`;
  if (!told.isResponse) return "it is a question itself (QR is not set)";
  if (told.opcode !== asked.opcode) return `its opcode is ${told.opcode}, not ${asked.opcode}`;
  if (asked.opcode === 0 && told.recursionDesired !== asked.recursionDesired)
    return "its RD flag is not the question's";
  // A server that could not decode the question cannot repeat it in the answer.
  if (told.questions === 0 && (told.rcode === 1 || told.rcode === 4)) return undefined;
  const end = questionEnd(question);
  // A compressed name is not compared, because the answer repeats it uncompressed. No resolver sends one in a question.
  if (end === undefined) return undefined;
  const isRepeated = told.questions === 1 && Buffer.compare(questionIn(answer, end), questionIn(question, end)) === 0;
  return isRepeated ? undefined : "it does not repeat the question's name, type and class";
}

const headerBytes = 12;

interface Header {
  readonly id: number;
  readonly isResponse: boolean;
  readonly opcode: number;
  readonly recursionDesired: boolean;
  readonly rcode: number;
  readonly questions: number;
}

function headerOf(packet: Uint8Array): Header {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const flags = view.getUint16(2);
  return {
    id: view.getUint16(0),
    isResponse: (flags & 0x8000) !== 0,
    opcode: (flags >> 11) & 0xf,
    recursionDesired: (flags & 0x0100) !== 0,
    rcode: flags & 0xf,
    questions: view.getUint16(4),
  };
}

function questionIn(packet: Uint8Array, end: number): Uint8Array {
  return packet.subarray(headerBytes, end);
}

/** Returns the offset of the first question's end; undefined if the question's name is compressed. */
function questionEnd(packet: Uint8Array): number | undefined {
  let at = headerBytes;
  for (let length = packet[at] ?? 0; length > 0; length = packet[at] ?? 0) {
    if (length > 63) return undefined;
    at += length + 1;
  }
  return at + 5;
}

export function packetOf(question: DnsQuestion): Uint8Array {
  const { flags, counts, cutBytes } = question;
  const packet = encode({
    type: (flags & 0x8000) === 0 ? "query" : "response",
    id: randomDnsId(),
    flags,
    questions: [{ name: question.name, type: question.type as RecordType, class: question.class as RecordClass }],
    additionals: ednsOf(question),
  });
  for (const [at, count] of (counts ?? []).entries()) packet.writeUInt16BE(count, 4 + 2 * at);
  return packet.subarray(0, packet.length - cutBytes);
}

export function randomDnsId(): number {
  return Math.floor(Math.random() * 0x1_0000);
}

function ednsOf({ udpBytes, subnet, option }: DnsQuestion): Answer[] {
  if (udpBytes === undefined && subnet === undefined && option === undefined) return [];
  const ofSubnet = subnet === undefined ? [] : [{ code: "CLIENT_SUBNET", ip: subnet, sourcePrefixLength: 24 }];
  const options = [...ofSubnet, ...(option ? [option] : [])];
  return [{ type: "OPT", name: ".", udpPayloadSize: udpBytes ?? 1_232, flags: 0, options } as unknown as Answer];
}

/** Sends a packet unchanged, and resolves with the first packet received. @throws NoDnsAnswer */
async function exchangeDns(port: number, packet: Uint8Array, network: "udp" | "tcp" = "udp"): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const waitMs = patienceMs(quietMs);
  const timer = setTimeout(() => reject(new NoDnsAnswer(`no answer within ${Math.round(waitMs)} ms`)), waitMs);
  const close = await (network === "udp"
    ? openUdp(port, packet, { resolve, reject })
    : openTcp(port, packet, { resolve, reject }));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    close();
  }
}

interface Receiver {
  readonly resolve: (answer: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

async function openUdp(port: number, packet: Uint8Array, { resolve, reject }: Receiver): Promise<() => void> {
  const socket = await Bun.udpSocket({
    connect: { hostname: "127.0.0.1", port },
    socket: { data: (_, answer) => resolve(answer), error: (_, error) => reject(error) },
  });
  socket.send(packet);
  return () => socket.close();
}

async function openTcp(port: number, packet: Uint8Array, { resolve, reject }: Receiver): Promise<() => void> {
  let received = Buffer.alloc(0);
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_, bytes) {
        received = Buffer.concat([received, bytes]);
        if (received.length < 2) return;
        const end = 2 + received.readUInt16BE(0);
        if (received.length >= end) resolve(received.subarray(2, end));
      },
      close: () => reject(new NoDnsAnswer("the connection was closed")),
    },
  });
  socket.write(Buffer.concat([Buffer.from([packet.length >> 8, packet.length & 0xff]), packet]));
  return () => socket.end();
}

/** Returns one line for each record. The lines are sorted, because the order of Consul's records is random. */
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
