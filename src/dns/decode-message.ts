import { formatIp } from "../lib/ip-address.ts";
import {
  rcodes,
  types,
  type ClientSubnet,
  type Edns,
  type Query,
  type Question,
  type Rcode,
  type Refusal,
  type RecordContent,
  type ResourceRecord,
} from "./message.ts";
import type { Name } from "./name.ts";

/** What came from a client. */
export type Received =
  | { readonly kind: "query"; readonly query: Query }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  /** Not worth an answer: too short to have an id, or itself an answer. */
  | { readonly kind: "ignored" };

export const headerBytes = 12;

/** Never throws: whatever stands in the packet is a query, something to refuse, or nothing. */
export function decodeQuery(packet: Uint8Array): Received {
  if (packet.length < headerBytes) return { kind: "ignored" };
  const reader = new MessageReader(packet);
  const { id, flags, counts } = reader.header();
  if (flags & responseFlag) return { kind: "ignored" };
  const refuse = (rcode: Rcode): Received => ({ kind: "refused", refusal: { id, flags, rcode, question } });
  let question: Question | undefined;
  if ((flags & opcodeMask) !== 0) return refuse(rcodes.notImplemented);
  if (!isSensible(counts)) return refuse(rcodes.formatError);
  try {
    question = reader.question();
    const edns = reader.edns(counts);
    return { kind: "query", query: { id, flags, question, edns } };
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
    return refuse(rcodes.formatError);
  }
}

/** The records of an answer section that a client can use to get to an address. */
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

/** Consul refuses what asks more than one question or brings records that no query has. */
function isSensible({ questions, answers, authority, additional }: Counts): boolean {
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

  /** Reads all records; what the client says of itself is in the additional ones: RFC 6891, section 6.1.1. */
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
    if (type === types.A && length === 4) return { type: "A", address: this.#address(4, 4) };
    if (type === types.AAAA && length === 16) return { type: "AAAA", address: this.#address(6, 16) };
    return undefined;
  }

  #address(family: 4 | 6, bytes: number): string {
    let value = 0n;
    for (let left = bytes; left > 0; left -= 1) value = (value << 8n) | BigInt(this.#octet());
    return formatIp({ family, value });
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
   * A name may end in a pointer to an earlier place: RFC 1035, section 4.1.4. Pointers only go backwards and a name has
   * 255 octets at the most, so this ends.
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

  /** Where the data end whose length comes next. */
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

/** RFC 7871, section 6. */
export const subnetOption = 8;
/** The length of an address by its family: none, IPv4, IPv6. */
const addressBits = [0, 32, 128] as const;
