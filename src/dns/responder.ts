import { copyOf } from "../lib/copy-of.ts";
import type { Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Meter, Metrics } from "../lib/metrics.ts";
import type { Random } from "../lib/random.ts";
import type { LeaderContact } from "../registry/cluster-view.ts";
import type { Callers } from "../registry/caller.ts";
import type { Registry } from "../registry/registry.ts";
import { subnetAddress } from "./addresses.ts";
import { decodeQuery } from "./decode-message.ts";
import { encodeRefusal } from "./encode-message.ts";
import { encodeFitting, type FitOptions, type Network } from "./fit.ts";
import { type ExternalRecords, type ZoneClient, ZoneRead } from "./zone-read.ts";
import { rcodes, type DnsQuery, type Rcode, type Reply, type ResourceRecord } from "./message.ts";
import { endsWith, nameText, type Name } from "./name.ts";
import { PacketCache } from "./packet-cache.ts";
import type { Recursors } from "./recursors.ts";
import type { Zone } from "./zone.ts";

export interface ResponderParts {
  readonly store: Registry;
  /** DNS has no tokens: each question has the default token of the agent that the client asked. */
  readonly callers: Callers;
  readonly cluster: LeaderContact;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly nodeName: string;
}

/** The settings that a reload can change. */
export interface AnsweringSettings extends Pick<FitOptions, "udpAnswersMax" | "truncates" | "compresses"> {
  readonly zone: Zone;
  readonly recursors: Recursors;
  /**
   * Milliseconds since this server heard from the leader up to which it answers from its own state; 0 if it always asks the
   * leader. Has no effect on a server that stands alone.
   */
  readonly maxStaleMs: number;
}

/** The client that sent a question, and the protocol that it used. */
export interface DnsClient {
  readonly network: Network;
  readonly address: string;
  /** The name of the client agent's node that passed the question on; undefined if this agent got it from the DNS client. */
  readonly agentNode?: string | undefined;
  /** The secret of that agent's default token, "" for none. */
  readonly agentToken?: string | undefined;
}

/** Answers the packets of the listeners: a Responder or, on a client agent, a ForwardingResponder. */
export type PacketResponder = Pick<Responder, "respond">;

/** An encoded message to send back; undefined if the packet gets no answer. */
export type Answer = Uint8Array | undefined;

/**
 * Answers packets: from the cache, from the zone, or from recursors.
 *
 * A packet that equals an earlier one except for its id gets the cached message with the new id (PacketCache). Any other packet
 * is decoded. The zone then reads the registry (ZoneRead, which collects topics), recursors supply the names outside the agent's
 * domains, and the reply is shortened to the size that the client accepts.
 *
 * Invariants:
 * - A packet of any octets gets an answer, a refusal or no answer, and causes no exception.
 * - A cached message is dropped as soon as one of its topics is touched.
 * - An answer without recursors is returned in the same turn of the event loop.
 */
export class Responder {
  readonly #parts: ResponderParts;
  readonly #domainQueries: Meter;
  readonly #reverseQueries: Meter;
  #settings: AnsweringSettings;
  #cache: PacketCache;

  constructor(parts: ResponderParts, settings: AnsweringSettings) {
    this.#parts = parts;
    this.#settings = settings;
    this.#cache = new PacketCache(parts.store, parts);
    const labels = { node: parts.nodeName };
    this.#domainQueries = parts.metrics.sample("consul.dns.domain_query", labels);
    this.#reverseQueries = parts.metrics.sample("consul.dns.ptr_query", labels);
  }

  /** Replaces the settings, and empties the cache. */
  reload(settings: AnsweringSettings): void {
    this.#settings = settings;
    this.#cache = new PacketCache(this.#parts.store, this.#parts);
  }

  /**
   * Returns the answer to a packet, as a promise only if recursors or the leader must be asked; the promise never rejects. The
   * caller must send or copy the message before it calls `respond` again, which may overwrite the message.
   */
  respond(packet: Uint8Array, client: DnsClient): Answer | Promise<Answer> {
    const { cluster } = this.#parts;
    if (cluster.isAlone || cluster.lastContactMs < this.#settings.maxStaleMs) return this.#respondNow(packet, client);
    const fresh = this.#isOwn(packet) ? this.#parts.store.freshen("leader") : undefined;
    return fresh ? this.#respondWhen(fresh, copyOf(packet), client) : this.#respondNow(packet, client);
  }

  /** Returns whether a packet asks for a name in the agent's domains, or for that of an address. */
  #isOwn(packet: Uint8Array): boolean {
    const received = decodeQuery(packet);
    if (received.kind !== "query") return false;
    const { name } = received.query.question;
    return this.#settings.zone.domainOf(name) !== undefined || endsWith(name, reverseDomain);
  }

  /** Answers when the state is new enough. Consul: SERVFAIL if there is no leader. */
  async #respondWhen(fresh: Promise<void>, packet: Uint8Array, client: DnsClient): Promise<Answer> {
    try {
      await fresh;
    } catch (error) {
      return this.#fail(packet, client, error);
    }
    const answer = this.#respondNow(packet, client);
    // Other questions can wait for the same moment, and their answers may overwrite this one, so it is copied in this turn.
    return answer instanceof Uint8Array ? copyOf(answer) : answer;
  }

  #fail(packet: Uint8Array, { network, address }: DnsClient, error: unknown): Answer {
    const received = decodeQuery(packet);
    return received.kind === "query" ? this.#failQuery(received.query, { network, address }, error) : undefined;
  }

  /** Answers with SERVFAIL. Consul: with authority for the names in the agent's domains. */
  #failQuery(query: DnsQuery, { network, address }: Pick<DnsClient, "network" | "address">, error: unknown): Answer {
    const { name } = query.question;
    this.#parts.log.error("failed to answer", { client: address, question: nameText(name), error: messageOf(error) });
    const authoritative = this.#settings.zone.domainOf(name) !== undefined;
    return this.#encode(query, { ...failure(rcodes.serverFailure), authoritative }, network);
  }

  #respondNow(packet: Uint8Array, client: DnsClient): Answer | Promise<Answer> {
    const startMs = this.#parts.clock.monotonicMs();
    const asked = cacheKey(packet, client);
    const known = this.#cache.get(asked, startMs);
    if (known) {
      this.#addLatency(this.#domainQueries, startMs);
      return withIdOf(packet, known);
    }
    const received = decodeQuery(packet);
    switch (received.kind) {
      case "ignored":
        return undefined;
      case "refused":
        return encodeRefusal(received.refusal);
      case "query":
        return this.#answerSafely(received.query, { packet, asked, startMs, ...client });
    }
  }

  /** Answers a query, and answers with SERVFAIL if an exception occurs. */
  #answerSafely(query: DnsQuery, call: Call): Answer | Promise<Answer> {
    const fail = (error: unknown): Answer => this.#failQuery(query, call, error);
    try {
      const answered = this.#answer(query, call);
      return answered instanceof Promise ? answered.catch(fail) : answered;
    } catch (error) {
      return fail(error);
    }
  }

  #answer(query: DnsQuery, call: Call): Answer | Promise<Answer> {
    const { zone, recursors } = this.#settings;
    const { name } = query.question;
    const domain = zone.domainOf(name);
    if (domain) return this.#answerInDomain(query, domain, call);
    if (endsWith(name, reverseDomain)) {
      const reply = zone.answerReverse(query, this.#readFor(call));
      this.#addLatency(this.#reverseQueries, call.startMs);
      if (reply) return this.#encode(query, reply, call.network);
      // With access control the address may exist, and only this client may not know it.
      const unknown = this.#parts.callers.areLimited ? failure(rcodes.serverFailure) : zone.noSuchName();
      if (!recursors.areConfigured) return this.#encode(query, unknown, call.network);
    }
    return recursors.areConfigured
      ? this.#recurse(query, call)
      : this.#encode(query, failure(rcodes.refused), call.network);
  }

  #answerInDomain(query: DnsQuery, domain: Name, call: Call): Answer | Promise<Answer> {
    const { zone, recursors } = this.#settings;
    const read = this.#readFor({ ...call, address: clientOf(query, call) });
    const reply = zone.answer(query, read, domain);
    if (read.missingNames.size > 0 && recursors.areConfigured)
      return this.#answerWithRecursors(query, domain, { read, call });
    this.#addLatency(this.#domainQueries, call.startMs);
    const message = this.#encode(query, reply, call.network);
    if (message && read.isCacheable) {
      const dependencies = { topics: [...read.topics], orderCount: read.orderCount };
      this.#cache.put(call.asked, message, dependencies);
    }
    return message;
  }

  /** Asks recursors for the missing names and answers again, up to three times, since an answer can lead to further names. */
  async #answerWithRecursors(
    query: DnsQuery,
    domain: Name,
    { read: first, call }: { readonly read: ZoneRead; readonly call: Call },
  ): Promise<Answer> {
    const { zone, recursors } = this.#settings;
    const external = new Map<string, readonly ResourceRecord[]>();
    let read = first;
    let reply: Reply = failure(rcodes.serverFailure);
    for (let round = 0; round < 3 && read.missingNames.size > 0; round += 1) {
      const lookups = [...read.missingNames.values()].map(async (name) => {
        external.set(nameText(name), await recursors.lookUp(name));
      });
      await Promise.all(lookups);
      read = this.#readFor({ ...call, address: clientOf(query, call) }, external);
      reply = zone.answer(query, read, domain);
    }
    this.#addLatency(this.#domainQueries, call.startMs);
    return this.#encode(query, reply, call.network);
  }

  #readFor(client: ZoneClient & Pick<DnsClient, "agentToken">, external?: ExternalRecords): ZoneRead {
    const { callers } = this.#parts;
    const read = new ZoneRead(callers.callerOf(undefined, client.agentToken).registry, client, external);
    for (const topic of callers.topics) read.topics.add(topic);
    return read;
  }

  async #recurse(query: DnsQuery, call: Call): Promise<Answer> {
    const answer = await this.#settings.recursors.forward(call.packet, call.network);
    return answer ?? this.#encode(query, failure(rcodes.serverFailure), call.network);
  }

  #encode(query: DnsQuery, reply: Reply, network: Network): Answer {
    const { recursors, ...fitting } = this.#settings;
    return encodeFitting(query, reply, {
      network,
      ...fitting,
      recursionAvailable: recursors.areConfigured,
      // RFC 7871, section 7.2.1: scope 0 is valid for all clients.
      subnetScope: reply.isClientSpecific === true ? query.edns?.subnet?.prefixLength : 0,
    });
  }

  #addLatency(meter: Meter, startMs: number): void {
    meter.add(this.#parts.clock.monotonicMs() - startMs);
  }
}

interface Call extends DnsClient {
  readonly packet: Uint8Array;
  readonly asked: string;
  readonly startMs: number;
}

const reverseDomain: Name = ["arpa"];

function failure(rcode: Rcode): Reply {
  return { rcode, authoritative: false, answers: [], authority: [], additional: [] };
}

/** Returns the client's address or, if a resolver sent the client's subnet in an EDNS option, the address of that subnet. */
function clientOf({ edns }: DnsQuery, { address }: DnsClient): string {
  return edns?.subnet ? subnetAddress(edns.subnet) : address;
}

/** Returns the cache key of a packet: protocol, the token that decides what the client may know, and all octets but the id. */
function cacheKey(packet: Uint8Array, { network, agentToken }: DnsClient): string {
  const token = agentToken === undefined ? "" : `${agentToken.length}:${agentToken}`;
  return network + token + Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength).toString("latin1", 2);
}

function withIdOf(question: Uint8Array, answer: Uint8Array): Uint8Array {
  answer[0] = question[0] ?? 0;
  answer[1] = question[1] ?? 0;
  return answer;
}
