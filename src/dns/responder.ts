import type { Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Meter, Metrics } from "../lib/metrics.ts";
import type { Random } from "../lib/random.ts";
import type { Store } from "../registry/store.ts";
import { subnetAddress } from "./addresses.ts";
import { decodeQuery } from "./decode-message.ts";
import { encodeRefusal } from "./encode-message.ts";
import { encodeFitting, type FitOptions, type Network } from "./fit.ts";
import { ZoneRead } from "./zone-read.ts";
import { rcodes, type Query, type Rcode, type Reply, type ResourceRecord } from "./message.ts";
import { endsWith, nameText, type Name } from "./name.ts";
import { PacketCache } from "./packet-cache.ts";
import type { Recursors } from "./recursors.ts";
import type { Zone } from "./zone.ts";

export interface ResponderParts {
  readonly store: Store;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly nodeName: string;
}

/** What a reload may change. */
export interface AnsweringSettings extends Pick<FitOptions, "udpAnswersMax" | "truncates" | "compresses"> {
  readonly zone: Zone;
  readonly recursors: Recursors;
}

/** Whoever asks, and over what. */
export interface Asker {
  readonly network: Network;
  readonly address: string;
}

type Answer = Uint8Array | undefined;

/** Says to a packet what is to be sent back: undefined for nothing. */
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

  /** Answers in this way from now on. */
  reload(settings: AnsweringSettings): void {
    this.#settings = settings;
    this.#cache = new PacketCache(this.#parts.store, this.#parts);
  }

  /**
   * A promise only when other servers must be asked; it does not reject. What is returned may be used once, before the
   * next call.
   */
  respond(packet: Uint8Array, asker: Asker): Answer | Promise<Answer> {
    const startMs = this.#parts.clock.monotonicMs();
    const asked = askedKey(packet, asker.network);
    const known = this.#cache.get(asked, startMs);
    if (known) {
      this.#took(this.#domainQueries, startMs);
      return withIdOf(packet, known);
    }
    const received = decodeQuery(packet);
    switch (received.kind) {
      case "ignored":
        return undefined;
      case "refused":
        return encodeRefusal(received.refusal);
      case "query":
        return this.#answerSafely(received.query, { packet, asked, startMs, ...asker });
    }
  }

  /** Whatever fails is an answer, too. */
  #answerSafely(query: Query, call: Call): Answer | Promise<Answer> {
    const fail = (error: unknown): Answer => {
      const question = nameText(query.question.name);
      this.#parts.log.error("failed to answer", { client: call.address, question, error: messageOf(error) });
      return this.#encode(query, failure(rcodes.serverFailure), call);
    };
    try {
      const answered = this.#answer(query, call);
      return answered instanceof Promise ? answered.catch(fail) : answered;
    } catch (error) {
      return fail(error);
    }
  }

  #answer(query: Query, call: Call): Answer | Promise<Answer> {
    const { zone, recursors } = this.#settings;
    const { name } = query.question;
    const domain = zone.domainOf(name);
    if (domain) return this.#answerInDomain(query, domain, call);
    if (endsWith(name, reverseDomain)) {
      const reply = zone.answerReverse(query, new ZoneRead(this.#parts.store, call.address));
      this.#took(this.#reverseQueries, call.startMs);
      if (reply) return this.#encode(query, reply, call);
      if (!recursors.exist) return this.#encode(query, zone.noSuchName(), call);
    }
    return recursors.exist ? this.#recurse(query, call) : this.#encode(query, failure(rcodes.refused), call);
  }

  #answerInDomain(query: Query, domain: Name, call: Call): Answer | Promise<Answer> {
    const { zone, recursors } = this.#settings;
    const { store } = this.#parts;
    const read = new ZoneRead(store, clientOf(query, call));
    const reply = zone.answer(query, read, domain);
    if (read.lacking.size > 0 && recursors.exist) return this.#answerWithForeign(query, domain, { read, call });
    this.#took(this.#domainQueries, call.startMs);
    const message = this.#encode(query, reply, call);
    if (message && read.isLasting) {
      const lasting = { topics: [...read.topics], orders: read.orders };
      this.#cache.put(call.asked, message, lasting);
    }
    return message;
  }

  /** Asks others for what is lacking, which may lead to ever more names: as often as an alias may lead on. */
  async #answerWithForeign(
    query: Query,
    domain: Name,
    { read: first, call }: { readonly read: ZoneRead; readonly call: Call },
  ): Promise<Answer> {
    const { zone, recursors } = this.#settings;
    const { store } = this.#parts;
    const foreign = new Map<string, readonly ResourceRecord[]>();
    let read = first;
    let reply: Reply = failure(rcodes.serverFailure);
    for (let round = 0; round < 3 && read.lacking.size > 0; round += 1) {
      const lookups = [...read.lacking.values()].map(async (name) => {
        foreign.set(nameText(name), await recursors.lookUp(name));
      });
      await Promise.all(lookups);
      read = new ZoneRead(store, clientOf(query, call), foreign);
      reply = zone.answer(query, read, domain);
    }
    this.#took(this.#domainQueries, call.startMs);
    return this.#encode(query, reply, call);
  }

  async #recurse(query: Query, call: Call): Promise<Answer> {
    const answer = await this.#settings.recursors.forward(call.packet, call.network);
    return answer ?? this.#encode(query, failure(rcodes.serverFailure), call);
  }

  #encode(query: Query, reply: Reply, { network }: Call): Answer {
    const { recursors, ...fitting } = this.#settings;
    return encodeFitting(query, reply, {
      network,
      ...fitting,
      recursionAvailable: recursors.exist,
      // RFC 7871, section 7.2.1: 0 is for everybody.
      subnetScope: reply.isForClient === true ? query.edns?.subnet?.prefixLength : 0,
    });
  }

  #took(meter: Meter, startMs: number): void {
    meter.add(this.#parts.clock.monotonicMs() - startMs);
  }
}

interface Call extends Asker {
  readonly packet: Uint8Array;
  readonly asked: string;
  readonly startMs: number;
}

const reverseDomain: Name = ["arpa"];

function failure(rcode: Rcode): Reply {
  return { rcode, authoritative: false, answers: [], authority: [], additional: [] };
}

/** A resolver may say on whose behalf it asks. */
function clientOf({ edns }: Query, { address }: Asker): string {
  return edns?.subnet ? subnetAddress(edns.subnet) : address;
}

/** All of the packet but its id. */
function askedKey(packet: Uint8Array, network: Network): string {
  return network + Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength).toString("latin1", 2);
}

function withIdOf(question: Uint8Array, answer: Uint8Array): Uint8Array {
  answer[0] = question[0] ?? 0;
  answer[1] = question[1] ?? 0;
  return answer;
}
