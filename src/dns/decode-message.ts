import { formatIpv6 } from "../lib/ip-address.ts";
import {
  rcodes,
  types,
  type ClientSubnet,
  type Edns,
  type DnsQuery,
  type Question,
  type Rcode,
  type Refusal,
  type RecordContent,
  type ResourceRecord,
} from "./message.ts";
import type { Name } from "./name.ts";

/** A decoded packet of a client. */
export type Received =
  | { readonly kind: "query"; readonly query: DnsQuery }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  /** A packet that gets no answer: it is shorter than a header, or is a response. */
  | { readonly kind: "ignored" };

export const headerBytes = 12;

/** Decodes a client's packet. Never throws: a malformed packet is refused or ignored. */
export function decodeQuery(packet: Uint8Array): Received {
  if (packet.length < headerBytes) return { kind: "ignored" };
  const reader = new MessageReader(packet);
  const { id, flags, counts } = reader.header();
  if (flags & responseFlag) return { kind: "ignored" };
  const refuse = (rcode: Rcode): Received => ({ kind: "refused", refusal: { id, flags, rcode, question } });
  let question: Question | undefined;
  if ((flags & opcodeMask) !== 0) return refuse(rcodes.notImplemented);
  if (!areCountsValid(counts)) return refuse(rcodes.formatError);
  try {
    question = reader.question();
    const edns = reader.edns(counts);
    return { kind: "query", query: { id, flags, question, edns } };
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
    return refuse(rcodes.formatError);
  }
}

/** Decodes the A, AAAA and CNAME records of a response's answer section; undefined if the response is malformed. */
export function decodeAnswers(packet: Uint8Array): readonly ResourceRecord[] | undefined {
  try {
    if (packet.length < headerBytes) return undefined;
    const reader = new MessageReader(packet);
    const { counts } = reader.header();
    for (let left = counts.questions; left > 0; left -= 1) reader.question();
    const records: ResourceRecord[] = [];
    for (let left = counts.answers; left > 0; left -= 1) {
      const record = reader.record();
      if (record) records.push(record);
    }
    return records;
  } catch (error) {
    if (error instanceof MalformedMessage) return undefined;
    throw error;
  }
}

const responseFlag = 0x8000;
const opcodeMask = 0x7800;

interface Counts {
  readonly questions: number;
  readonly answers: number;
  readonly authority: number;
  readonly additional: number;
}

/** Returns whether a query may have these counts. Consul refuses several questions, and more records than a query needs. */
function areCountsValid({ questions, answers, authority, additional }: Counts): boolean {
  return questions === 1 && answers <= 1 && authority <= 1 && additional <= 2;
}

class MalformedMessage extends Error {}

class MessageReader {
  readonly #packet: Buffer;
  #at = 0;

  constructor(packet: Uint8Array) {
    this.#packet = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength);
  }

  header(): { readonly id: number; readonly flags: number; readonly counts: Counts } {
    const [id, flags] = [this.#uint16(), this.#uint16()];
    const counts = {
      questions: this.#uint16(),
      answers: this.#uint16(),
      authority: this.#uint16(),
      additional: this.#uint16(),
    };
    return { id, flags, counts };
  }

  question(): Question {
    return { name: this.#name(), type: this.#uint16(), class: this.#uint16() };
  }

  /** Reads all records, and returns the OPT record of the additional section: RFC 6891, section 6.1.1. */
  edns({ answers, authority, additional }: Counts): Edns | undefined {
    let edns: Edns | undefined;
    for (let left = answers + authority + additional; left > 0; left -= 1) {
      this.#name();
      const type = this.#uint16();
      const udpBytes = this.#uint16();
      this.#uint32();
      const end = this.#dataEnd();
      if (type === types.OPT && left <= additional) edns = { udpBytes, subnet: this.#subnet(end) };
      this.#at = end;
    }
    return edns;
  }

  record(): ResourceRecord | undefined {
    const name = this.#name();
    const type = this.#uint16();
    this.#uint16();
    const ttlS = this.#uint32();
    const end = this.#dataEnd();
    const data = this.#recordData(type, end);
    this.#at = end;
    return data && { name, ttlS, data };
  }

  #recordData(type: number, end: number): RecordContent | undefined {
    const length = end - this.#at;
    if (type === types.CNAME) return { type: "CNAME", target: this.#name() };
    if (type === types.A && length === 4) return { type: "A", address: this.#ipv4() };
    if (type === types.AAAA && length === 16) return { type: "AAAA", address: this.#ipv6() };
    return undefined;
  }

  #ipv4(): string {
    return `${this.#octet()}.${this.#octet()}.${this.#octet()}.${this.#octet()}`;
  }

  #ipv6(): string {
    return formatIpv6(Array.from({ length: 8 }, () => this.#uint16()));
  }

  #subnet(end: number): ClientSubnet | undefined {
    while (this.#at < end) {
      const code = this.#uint16();
      const optionEnd = this.#dataEnd();
      if (optionEnd > end) throw new MalformedMessage();
      if (code === subnetOption) {
        const [family, prefixLength] = [this.#uint16(), this.#octet()];
        this.#octet();
        const isPossible = this.#at <= optionEnd && prefixLength <= (addressBits[family] ?? -1);
        if (!isPossible) throw new MalformedMessage();
        return { family, prefixLength, address: [...this.#packet.subarray(this.#at, optionEnd)] };
      }
      this.#at = optionEnd;
    }
    return undefined;
  }

  /**
   * Reads a name. RFC 1035, section 4.1.4: a name can end in a pointer to an earlier offset. The loop ends, because each pointer
   * must point backwards and a name has at most 255 octets.
   */
  #name(): Name {
    const labels: string[] = [];
    let bytes = 1;
    let at = this.#at;
    let end: number | undefined;
    for (;;) {
      const length = this.#octetAt(at);
      if (length === 0) break;
      if (length >= 0xc0) {
        const target = ((length & 0x3f) << 8) | this.#octetAt(at + 1);
        if (target >= at) throw new MalformedMessage();
        end ??= at + 2;
        at = target;
        continue;
      }
      bytes += length + 1;
      if (length > 63 || bytes > 255 || at + length >= this.#packet.length) throw new MalformedMessage();
      labels.push(this.#packet.toString("latin1", at + 1, at + 1 + length));
      at += length + 1;
    }
    this.#at = end ?? at + 1;
    return labels;
  }

  /** Reads the length of the data that follow, and returns the offset at which these data end. */
  #dataEnd(): number {
    const length = this.#uint16();
    const end = this.#at + length;
    if (end > this.#packet.length) throw new MalformedMessage();
    return end;
  }

  #uint32(): number {
    return this.#uint16() * 0x1_0000 + this.#uint16();
  }

  #uint16(): number {
    return (this.#octet() << 8) | this.#octet();
  }

  #octet(): number {
    const octet = this.#octetAt(this.#at);
    this.#at += 1;
    return octet;
  }

  #octetAt(at: number): number {
    const octet = this.#packet[at];
    if (octet === undefined) throw new MalformedMessage();
    return octet;
  }
}

/** The option code of a client subnet: RFC 7871, section 6. */
export const subnetOption = 8;
/** The number of bits in an address, by the number of the address family: 0 is no address, 1 IPv4, 2 IPv6. */
const addressBits = [0, 32, 128] as const;
