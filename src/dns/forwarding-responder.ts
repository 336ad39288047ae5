import type { Clock } from "../lib/clock.ts";
import { copyOf } from "../lib/copy-of.ts";
import { messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { LogThrottle } from "../lib/log-throttle.ts";
import { decodeQuery } from "./decode-message.ts";
import { encodeFitting } from "./fit.ts";
import { rcodes } from "./message.ts";
import { endsWith, type Name } from "./name.ts";
import type { Recursors } from "./recursors.ts";
import type { Answer, DnsClient } from "./responder.ts";

export interface ForwardingSettings {
  /** The names that a server answers: `domain`, and `alt_domain` if configured. */
  readonly domains: readonly Name[];
  readonly recursors: Recursors;
}

interface ForwardingParts {
  readonly clock: Clock;
  readonly log: Log;
}

/** Sends a packet to a server, and resolves with the server's answer. @throws OperatingError without a server */
export type SendPacket = (packet: Uint8Array, client: DnsClient) => Promise<Answer>;

/** Answers packets as a client agent: a server answers names in the agent's domains, the agent's own recursors all others. */
export class ForwardingResponder {
  readonly #send: SendPacket;
  readonly #log: Log;
  readonly #throttle: LogThrottle;
  #settings: ForwardingSettings;

  constructor(send: SendPacket, settings: ForwardingSettings, { clock, log }: ForwardingParts) {
    this.#send = send;
    this.#settings = settings;
    this.#log = log;
    this.#throttle = new LogThrottle(clock);
  }

  reload(settings: ForwardingSettings): void {
    this.#settings = settings;
  }

  /** Resolves with the answer to a packet; undefined if it gets none. Never rejects. */
  async respond(packet: Uint8Array, client: DnsClient): Promise<Answer> {
    // The caller may reuse the packet's memory when this method returns.
    const question = copyOf(packet);
    try {
      const { recursors } = this.#settings;
      if (recursors.areConfigured && this.#isForeign(question))
        return (await recursors.forward(question, client.network)) ?? failure(question, { client, isOwnName: false });
      return await this.#send(question, client);
    } catch (error) {
      const reason = messageOf(error);
      if (this.#throttle.isNew(reason)) this.#log.error("failed to answer", { client: client.address, error: reason });
      return failure(question, { client, isOwnName: !this.#isForeign(question) });
    }
  }

  #isForeign(packet: Uint8Array): boolean {
    const received = decodeQuery(packet);
    if (received.kind !== "query") return false;
    const { name } = received.query.question;
    return !this.#settings.domains.some((domain) => endsWith(name, domain)) && !endsWith(name, reverseDomain);
  }
}

const reverseDomain: Name = ["arpa"];

/** Returns the answer SERVFAIL; undefined for a packet that is no query. */
function failure(
  packet: Uint8Array,
  { client: { network }, isOwnName }: { readonly client: DnsClient; readonly isOwnName: boolean },
): Answer {
  const received = decodeQuery(packet);
  if (received.kind !== "query") return undefined;
  const { query } = received;
  const reply = { rcode: rcodes.serverFailure, authoritative: isOwnName, answers: [], authority: [], additional: [] };
  const fitting = { udpAnswersMax: 1, truncates: false, compresses: true, subnetScope: undefined };
  return encodeFitting(query, reply, { network, ...fitting, recursionAvailable: false });
}
