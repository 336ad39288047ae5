import { encodeReply, messageBytesMax, type MessageOptions } from "./encode-message.ts";
import { types, type Query, type Reply, type ResourceRecord } from "./message.ts";
import type { Name } from "./name.ts";

export type Network = "udp" | "tcp";

export interface FitOptions extends Pick<MessageOptions, "recursionAvailable" | "subnetScope"> {
  readonly network: Network;
  /** Answers to a client that takes no more than 512 octets. */
  readonly udpAnswersMax: number;
  /** Say so when answers were left out. */
  readonly truncates: boolean;
  readonly compresses: boolean;
}

/** RFC 1035, section 2.3.4: what every client takes. */
const plainUdpBytes = 512;
/** Consul: no more answers than that fit for plain clients, whatever is configured. */
const plainUdpAnswersMax = 8;
/** As large as a datagram can be over IP. */
const udpBytesMax = 65_535 - 68;

/** The message for a reply, with as many of its answers as the client can take, whole records only. */
export function encodeFitting(query: Query, reply: Reply, options: FitOptions): Uint8Array | undefined {
  const fitting = options.network === "udp" ? fitUdp(query, reply, options) : fitTcp(query, reply, options);
  const isCut = fitting.answers.length < reply.answers.length;
  // Who is told nothing at all has to ask over TCP.
  const truncated = isCut && (options.truncates || fitting.answers.length === 0);
  return encodeReply(query, fitting, { ...options, truncated, compressed: options.compresses });
}

function fitUdp(query: Query, reply: Reply, options: FitOptions): Reply {
  const takes = Math.min(Math.max(query.edns?.udpBytes ?? 0, plainUdpBytes), udpBytesMax);
  const isLimited = reply.isChoice === true && takes === plainUdpBytes;
  const answersMax = isLimited ? Math.min(plainUdpAnswersMax, options.udpAnswersMax) : Infinity;
  const isCut = reply.answers.length > answersMax;
  const few = isCut ? withAnswers(reply, answersMax) : reply;
  // Consul: what was cut is counted uncompressed, so that it fits wherever it is passed on.
  const sizes = { ...options, compresses: options.compresses && !isCut };
  return cutTo(takes, few, (candidate) => sizeOf(query, candidate, sizes));
}

function fitTcp(query: Query, reply: Reply, options: FitOptions): Reply {
  const mostMax = query.question.type === types.SRV ? 1_024 : 4_096;
  const few = reply.answers.length > mostMax ? withAnswers(reply, mostMax) : reply;
  return cutTo(messageBytesMax - 12, few, (candidate) => sizeOf(query, candidate, options));
}

/**
 * All of it, or else without what is not needed, and as many of the answers as make a message that is that long at the
 * most: none when the first is longer.
 */
function cutTo(bytesMax: number, reply: Reply, size: (candidate: Reply) => number): Reply {
  if (size(reply) <= bytesMax) return reply;
  const bare = { ...reply, authority: [] };
  let [fits, tooMany] = [0, reply.answers.length + 1];
  while (tooMany - fits > 1) {
    const middle = (fits + tooMany) >> 1;
    if (size(withAnswers(bare, middle)) <= bytesMax) fits = middle;
    else tooMany = middle;
  }
  return withAnswers(bare, fits);
}

/** The first answers, with the additional records that belong to them: the first of each target, and where it leads. */
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

function sizeOf(query: Query, reply: Reply, options: FitOptions): number {
  const message = encodeReply(query, reply, { ...options, truncated: false, compressed: options.compresses });
  return message?.length ?? Infinity;
}
