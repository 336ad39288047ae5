import type { Clock } from "../lib/clock.ts";
import { copyOf } from "../lib/copy-of.ts";
import { messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Random } from "../lib/random.ts";
import { decodeAnswers, decodeQuery, headerBytes } from "./decode-message.ts";
import { encodeQuestion } from "./encode-message.ts";
import { exchange, type Upstream } from "./exchange.ts";
import type { Network } from "./fit.ts";
import { rcodes, types, type ResourceRecord } from "./message.ts";
import { nameText, type Name } from "./name.ts";

export interface RecursorOptions {
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Maximum number of questions to recursors under way at once, since each has a socket. */
const underWayMax = 512;

/** Queries other DNS servers for names outside this agent's domains, in the configured order, until one answers. */
export class Recursors {
  readonly #upstreams: readonly Upstream[];
  readonly #options: RecursorOptions;
  #underWay = 0;

  constructor(upstreams: readonly Upstream[], options: RecursorOptions) {
    this.#upstreams = upstreams;
    this.#options = options;
  }

  get areConfigured(): boolean {
    return this.#upstreams.length > 0;
  }

  /**
   * Resolves with a recursor's answer to a client's question, unchanged; undefined if no recursor answers. Copies `question`
   * before it returns.
   */
  async forward(question: Uint8Array, network: Network): Promise<Uint8Array | undefined> {
    const id = idOf(question);
    const answer = await this.#ask(withId(question, this.#freshId()), network);
    return answer && withId(answer, id);
  }

  /** Resolves with the CNAME, A and AAAA records that a recursor has for the name; an empty list if no recursor answers. */
  async lookUp(name: Name): Promise<readonly ResourceRecord[]> {
    const question = encodeQuestion(this.#freshId(), name, types.A);
    const answer = question && (await this.#ask(question, "udp"));
    return (answer && decodeAnswers(answer)) ?? [];
  }

  async #ask(question: Uint8Array, network: Network): Promise<Uint8Array | undefined> {
    const { log, clock, timeoutMs } = this.#options;
    if (this.#underWay >= underWayMax) {
      log.warn("too many questions to recursors are under way", { limit: underWayMax });
      return undefined;
    }
    this.#underWay += 1;
    try {
      for (const upstream of this.#upstreams) {
        const answer = await this.#try(question, upstream, { network, clock, timeoutMs });
        if (answer) return answer;
      }
    } finally {
      this.#underWay -= 1;
    }
    log.error("all recursors failed", { question: nameAsked(question) });
    return undefined;
  }

  async #try(
    question: Uint8Array,
    upstream: Upstream,
    options: { readonly network: Network; readonly clock: Clock; readonly timeoutMs: number },
  ): Promise<Uint8Array | undefined> {
    const isAnswer = (packet: Uint8Array): boolean => isResponseTo(packet, question);
    const fields = { recursor: `${upstream.host}:${upstream.port}`, question: nameAsked(question) };
    try {
      const answer = await exchange(question, upstream, { ...options, isAnswer });
      const rcode = (answer[3] ?? 0) & 0xf;
      // Consul: only success and "no such name" are answers; after any other rcode the next recursor is asked.
      if (rcode === rcodes.success || rcode === rcodes.nameError) return answer;
      this.#options.log.debug("recurse failed for question", { ...fields, rcode });
    } catch (error) {
      this.#options.log.error("recurse failed", { ...fields, error: messageOf(error) });
    }
    return undefined;
  }

  /** Returns an unpredictable id, so that an attacker cannot forge the recursor's answer. */
  #freshId(): number {
    return Number.parseInt(this.#options.random.uuid().slice(0, 4), 16);
  }
}

/** Parses "9.9.9.9", "9.9.9.9:5353", "2620:fe::fe", "[2620:fe::fe]:53" or "dns.local:53". */
export function parseUpstream(text: string): Upstream {
  const [, bracketed, plain, port = "53"] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text) ?? [];
  return { host: bracketed ?? plain ?? text, port: Number(port) };
}

/** Returns whether the packet is a response with the id of `question` and the same question. */
function isResponseTo(packet: Uint8Array, question: Uint8Array): boolean {
  if (packet.length < headerBytes || idOf(packet) !== idOf(question) || ((packet[2] ?? 0) & 0x80) === 0) return false;
  const end = headerBytes + questionBytes(question);
  return lower(packet.subarray(headerBytes, end)) === lower(question.subarray(headerBytes, end));
}

function questionBytes(packet: Uint8Array): number {
  let at = headerBytes;
  while ((packet[at] ?? 0) > 0) at += (packet[at] ?? 0) + 1;
  return at + 5 - headerBytes;
}

function lower(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1").toLowerCase();
}

function nameAsked(question: Uint8Array): string {
  const received = decodeQuery(question);
  return received.kind === "query" ? nameText(received.query.question.name) : "";
}

function idOf(packet: Uint8Array): number {
  return ((packet[0] ?? 0) << 8) | (packet[1] ?? 0);
}

function withId(packet: Uint8Array, id: number): Uint8Array {
  const copy = copyOf(packet);
  copy[0] = id >> 8;
  copy[1] = id & 0xff;
  return copy;
}
