import { encodeReply, messageBytesMax, type MessageOptions } from "./encode-message.ts";
import { types, type DnsQuery, type Reply, type ResourceRecord } from "./message.ts";
import type { Name } from "./name.ts";

export type Network = "udp" | "tcp";

export interface FitOptions extends Pick<MessageOptions, "recursionAvailable" | "subnetScope"> {
  readonly network: Network;
  /** dns_config.udp_answer_limit: maximum number of answers to a client whose UDP size is 512 octets. */
  readonly udpAnswersMax: number;
  /** dns_config.enable_truncate: set TC when answers were left out. */
  readonly truncates: boolean;
  readonly compresses: boolean;
}

/** The UDP size of a client without EDNS, in octets: RFC 1035, section 2.3.4. */
const plainUdpBytes = 512;
/** Consul: maximum number of answers to a client whose UDP size is 512 octets, even if udp_answer_limit is higher. */
const plainUdpAnswersMax = 8;
/** Maximum length of a UDP message in octets: 65535 less the largest IP and UDP headers. */
const udpBytesMax = 65_535 - 68;

/** Encodes a reply with as many of its answers as fit the size that the client accepts. Each record is whole or left out. */
export function encodeFitting(query: DnsQuery, reply: Reply, options: FitOptions): Uint8Array | undefined {
  const fitting = options.network === "udp" ? fitUdp(query, reply, options) : fitTcp(query, reply, options);
  const isCut = fitting.answers.length < reply.answers.length;
  // A reply without answers sets TC in any case, so that the client retries over TCP.
  const truncated = isCut && (options.truncates || fitting.answers.length === 0);
  return encodeReply(query, fitting, { ...options, truncated, compressed: options.compresses });
}

function fitUdp(query: DnsQuery, reply: Reply, options: FitOptions): Reply {
  const bytesMax = Math.min(Math.max(query.edns?.udpBytes ?? 0, plainUdpBytes), udpBytesMax);
  const isLimited = reply.canBePartial === true && bytesMax === plainUdpBytes;
  const answersMax = isLimited ? Math.min(plainUdpAnswersMax, options.udpAnswersMax) : Infinity;
  const isCut = reply.answers.length > answersMax;
  const limited = isCut ? withAnswers(reply, answersMax) : reply;
  // Consul: a reply with answers left out is measured uncompressed.
  const sizes = { ...options, compresses: options.compresses && !isCut };
  return cutTo(bytesMax, limited, (candidate) => sizeOf(query, candidate, sizes));
}

function fitTcp(query: DnsQuery, reply: Reply, options: FitOptions): Reply {
  const answersMax = query.question.type === types.SRV ? 1_024 : 4_096;
  const limited = reply.answers.length > answersMax ? withAnswers(reply, answersMax) : reply;
  return cutTo(messageBytesMax - 12, limited, (candidate) => sizeOf(query, candidate, options));
}

/**
 * Returns the whole reply if it fits. Otherwise drops the authority section and all additional records but those of the answers
 * that stay, and keeps as many answers as fit, or no answers if the first does not fit.
 */
function cutTo(bytesMax: number, reply: Reply, size: (candidate: Reply) => number): Reply {
  if (size(reply) <= bytesMax) return reply;
  const withoutAuthority = { ...reply, authority: [] };
  let [fits, tooMany] = [0, reply.answers.length + 1];
  while (tooMany - fits > 1) {
    const middle = (fits + tooMany) >> 1;
    if (size(withAnswers(withoutAuthority, middle)) <= bytesMax) fits = middle;
    else tooMany = middle;
  }
  return withAnswers(withoutAuthority, fits);
}

/**
 * Returns the reply with its first `count` answers. It keeps the first additional record of each SRV target and, if that record
 * is a CNAME, the first record of the CNAME's target.
 */
function withAnswers(reply: Reply, count: number): Reply {
  const answers = reply.answers.slice(0, count);
  const byName = new Map<string, ResourceRecord>();
  for (const record of reply.additional) {
    const key = keyOf(record.name);
    if (!byName.has(key)) byName.set(key, record);
  }
  const additional = new Set<ResourceRecord>();
  const add = (name: Name): void => {
    const record = byName.get(keyOf(name));
    if (!record || additional.has(record)) return;
    additional.add(record);
    if (record.data.type === "CNAME") add(record.data.target);
  };
  for (const { data } of answers) if (data.type === "SRV") add(data.target);
  return { ...reply, answers, additional: [...additional] };
}

function keyOf(name: Name): string {
  return name.join(".").toLowerCase();
}

function sizeOf(query: DnsQuery, reply: Reply, options: FitOptions): number {
  const message = encodeReply(query, reply, { ...options, truncated: false, compressed: options.compresses });
  return message?.length ?? Infinity;
}
