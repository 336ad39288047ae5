import { assert } from "../lib/assert.ts";
import { copyOf } from "../lib/copy-of.ts";
import { parseIp } from "../lib/ip-address.ts";
import { headerBytes, subnetOption } from "./decode-message.ts";
import {
  internet,
  rcodes,
  types,
  type Edns,
  type DnsQuery,
  type Refusal,
  type Reply,
  type ResourceRecord,
  type Soa,
} from "./message.ts";
import type { Name } from "./name.ts";

export interface MessageOptions {
  /** The RA flag: whether the agent has recursors. */
  readonly recursionAvailable: boolean;
  /** The TC flag: whether records were left out. */
  readonly truncated: boolean;
  readonly compressed: boolean;
  /** Scope prefix length: the number of bits of the client's subnet for which the answer is valid. RFC 7871, section 6. */
  readonly subnetScope: number | undefined;
}

/** Maximum length of a message in octets: over TCP, two octets hold the length. */
export const messageBytesMax = 65_535;

/** The buffer in which every message is encoded. One buffer is enough, since the encoding of a message is never interrupted. */
const scratch = Buffer.alloc(messageBytesMax + 1_024);

/** The flags that a reply repeats, RD and CD: RFC 1035, section 4.1.1, and RFC 4035, section 3.2.2. */
const repeatedFlags = 0x0110;
/** The flags that a refusal repeats. Consul: all flags of the query except AA and the reserved one. */
const flagsOfRefusals = 0x7bb0;

/** Encodes a reply; undefined if it is longer than `messageBytesMax`. */
export function encodeReply(query: DnsQuery, reply: Reply, options: MessageOptions): Uint8Array | undefined {
  const writer = new MessageWriter(options.compressed);
  const { answers, authority, additional } = reply;
  const flags =
    0x8000 |
    (reply.authoritative ? 0x0400 : 0) |
    (options.truncated ? 0x0200 : 0) |
    (options.recursionAvailable ? 0x0080 : 0) |
    (query.flags & repeatedFlags) |
    reply.rcode;
  const { edns } = query;
  writer.header(query.id, flags, [1, answers.length, authority.length, additional.length + (edns ? 1 : 0)]);
  writer.question(query);
  try {
    for (const section of [answers, authority, additional]) for (const record of section) writer.record(record);
    if (edns) writer.edns(edns, options.subnetScope);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  return writer.bytes;
}

/** Encodes an error response: a header, and the question if it could be decoded. */
export function encodeRefusal({ id, flags, rcode, question }: Refusal): Uint8Array {
  const writer = new MessageWriter(false);
  writer.header(id, 0x8000 | (flags & flagsOfRefusals) | rcode, [question ? 1 : 0, 0, 0, 0]);
  if (question) writer.question({ question });
  const bytes = writer.bytes;
  assert(bytes !== undefined, "a question fits into a message");
  return bytes;
}

/** Encodes a query to a recursor, with the RD flag. Returns undefined if the query is longer than `messageBytesMax`. */
export function encodeQuestion(id: number, name: Name, type: number): Uint8Array | undefined {
  const writer = new MessageWriter(true);
  writer.header(id, 0x0100 | rcodes.success, [1, 0, 0, 0]);
  writer.question({ question: { name, type, class: internet } });
  return writer.bytes;
}

class MessageWriter {
  readonly #compressed: boolean;
  /** Offset at which each suffix of a name was first written; the key is the encoded suffix. */
  readonly #written = new Map<string, number>();
  #at = 0;

  constructor(compressed: boolean) {
    this.#compressed = compressed;
  }

  get bytes(): Uint8Array | undefined {
    return this.#at > messageBytesMax ? undefined : copyOf(scratch, 0, this.#at);
  }

  header(id: number, flags: number, counts: readonly [number, number, number, number]): void {
    this.#at = 0;
    for (const value of [id, flags, ...counts]) this.#uint16(value);
    assert(this.#at === headerBytes, "a header has twelve octets");
  }

  question({ question }: Pick<DnsQuery, "question">): void {
    this.#name(question.name);
    this.#uint16(question.type);
    this.#uint16(question.class);
  }

  record({ name, ttlS, data }: ResourceRecord): void {
    this.#name(name);
    this.#uint16(types[data.type]);
    this.#uint16(internet);
    this.#uint32(ttlS);
    this.#withLength(() => this.#recordData(data));
  }

  /** Writes the OPT record. Consul: it repeats the client's UDP size. */
  edns({ udpBytes, subnet }: Edns, scope: number | undefined): void {
    this.#octet(0);
    this.#uint16(types.OPT);
    this.#uint16(udpBytes);
    this.#uint32(0);
    this.#withLength(() => {
      if (!subnet) return;
      this.#uint16(subnetOption);
      this.#withLength(() => {
        this.#uint16(subnet.family);
        this.#octet(subnet.prefixLength);
        this.#octet(scope ?? 0);
        for (const octet of subnet.address) this.#octet(octet);
      });
    });
  }

  #recordData(data: ResourceRecord["data"]): void {
    switch (data.type) {
      case "A":
        return this.#address(data.address, 4);
      case "AAAA":
        return this.#address(data.address, 16);
      case "CNAME":
      case "NS":
      case "PTR":
        return this.#name(data.target);
      case "SRV":
        this.#uint16(data.priority);
        this.#uint16(data.weight);
        this.#uint16(data.port);
        // RFC 2782: the target is not compressed. A later name may still point at it.
        return this.#name(data.target, false);
      case "TXT":
        return this.#text(data.text);
      case "SOA":
        return this.#soa(data);
    }
  }

  #soa({ server, mailbox, serial, refresh, retry, expire, minTtl }: Soa): void {
    this.#name(server);
    this.#name(mailbox);
    for (const value of [serial, refresh, retry, expire, minTtl]) this.#uint32(value);
  }

  #text(text: string): void {
    const octets = Buffer.from(text, "utf8");
    let at = 0;
    do {
      const part = octets.subarray(at, at + 255);
      this.#octet(part.length);
      this.#at += part.copy(scratch, this.#at);
      at += part.length;
    } while (at < octets.length);
  }

  #address(text: string, bytes: 4 | 16): void {
    const value = parseIp(text)?.value ?? 0n;
    for (let shift = BigInt(bytes - 1) * 8n; shift >= 0n; shift -= 8n) this.#octet(Number((value >> shift) & 0xffn));
  }

  #name(name: Name, compressed = this.#compressed): void {
    for (const [at, suffix] of suffixesOf(name).entries()) {
      const earlier = this.#written.get(suffix);
      if (compressed && earlier !== undefined) return this.#uint16(0xc000 | earlier);
      // A pointer has 14 bits, so it cannot point at a later offset.
      if (this.#at < 0x4000 && earlier === undefined) this.#written.set(suffix, this.#at);
      this.#octets(suffix.slice(0, (name[at]?.length ?? 0) + 1));
    }
    this.#octet(0);
  }

  #withLength(write: () => void): void {
    const start = this.#at;
    this.#uint16(0);
    write();
    scratch.writeUInt16BE(this.#at - start - 2, start);
  }

  #octets(text: string): void {
    this.#at += scratch.write(text, this.#at, "latin1");
  }

  #uint32(value: number): void {
    this.#at = scratch.writeUInt32BE(value >>> 0, this.#at);
  }

  #uint16(value: number): void {
    this.#at = scratch.writeUInt16BE(value & 0xffff, this.#at);
  }

  #octet(value: number): void {
    this.#at = scratch.writeUInt8(value & 0xff, this.#at);
  }
}

/** Returns the encoded suffixes of a name: "web.service.consul", "service.consul", "consul". */
function suffixesOf(name: Name): readonly string[] {
  const suffixes: string[] = [];
  let suffix = "";
  for (const label of name.toReversed()) {
    suffix = String.fromCharCode(label.length) + label + suffix;
    suffixes.push(suffix);
  }
  return suffixes.toReversed();
}
