import { X509Certificate } from "node:crypto";
import { type Clock, sleep } from "../lib/clock.ts";
import { messageOf, OperatingError } from "../lib/errors.ts";
import { LogThrottle } from "../lib/log-throttle.ts";
import type { Log } from "../lib/log.ts";
import type { DialOptions } from "../link/connect.ts";
import type { OwnCertificate } from "../link/greeting.ts";
import type { Link } from "../link/link.ts";
import {
  type CertificateAnswer,
  type CertificateRequest,
  certificateCall,
  decodeCertificateAnswer,
} from "./certificate-call.ts";
import type { ServerAddress } from "./join-call.ts";

/** The answer of a server, with the private key of the certificate, which the server does not know. */
export interface GivenCertificate extends Omit<CertificateAnswer, "certificate"> {
  readonly own: OwnCertificate;
}

export interface AutoEncryptOptions {
  /** Returns how this agent asks, without the key. */
  readonly request: () => Omit<CertificateRequest, "publicKey">;
  /** Connects with the certificates that are in force. */
  readonly dial: (options: DialOptions) => Promise<Link>;
  readonly key: DialOptions["key"];
  /** Puts a certificate in force. */
  readonly use: (given: GivenCertificate) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/** The part of its life after which a certificate is renewed. Consul renews after 60 % to 90 %. */
const renewedAfter = 2 / 3;
/** The pause after an attempt to renew that has failed, and without a certificate, in milliseconds. */
const retryMs = 30_000;

interface Held {
  /** The monotonic times from which the certificate is renewed, and when it ends. */
  readonly renewMs: number;
  readonly endMs: number;
}

/**
 * The certificate of a client agent that asks its servers for it (auto_encrypt.tls).
 *
 * Before the agent links with a server, it asks that server if it has no certificate, or one that has ended, or if its last
 * attempt to link has failed, because the servers may have another authority by now. A certificate is renewed when two thirds of
 * its life are over. While the servers are away the agent keeps the one that it has. It is in memory only.
 */
export class AutoEncrypt {
  readonly #options: AutoEncryptOptions;
  readonly #failures: LogThrottle;
  #held: Held | undefined;
  #hasFailed = false;

  constructor(options: AutoEncryptOptions) {
    this.#options = options;
    this.#failures = new LogThrottle(options.clock);
  }

  /**
   * Connects to a server, with a certificate of that server if this agent needs one.
   * @throws OperatingError as `dial`; denied "certificate-refused" with the server's reason
   */
  readonly dial = async (options: DialOptions): Promise<Link> => {
    if (this.#isNeeded) await this.#ask(options);
    try {
      const link = await this.#options.dial(options);
      this.#hasFailed = false;
      return link;
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    }
  };

  /** Renews the certificate in time, until the signal aborts. @param servers returns the servers to ask */
  async renew(servers: () => readonly ServerAddress[], signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      const leftMs = (this.#held?.renewMs ?? Infinity) - clock.monotonicMs();
      if (leftMs <= 0) await this.#renewAt(servers());
      const nextMs = (this.#held?.renewMs ?? 0) - clock.monotonicMs();
      await sleep(clock, Math.max(retryMs, nextMs), signal);
    }
  }

  get #isNeeded(): boolean {
    return !this.#held || this.#hasFailed || this.#options.clock.monotonicMs() >= this.#held.endMs;
  }

  async #renewAt(servers: readonly ServerAddress[]): Promise<void> {
    const { key, clock, log } = this.#options;
    let reason = "no server is known";
    for (const { address: host, port } of servers)
      try {
        return await this.#ask({ host, port, key, clock, handler: answersNothing });
      } catch (error) {
        reason = messageOf(error);
      }
    if (this.#failures.isNew(reason)) log.warn("The certificate of this agent cannot be renewed yet", { reason });
  }

  /** Asks a server for a certificate, and puts it in force. */
  async #ask(options: DialOptions): Promise<void> {
    const { clock, dial, log, request, use } = this.#options;
    // Loaded with the first request: the libraries of certificates take memory, and most client agents need none.
    const { newKeys, pemOf } = await import("../lib/certificate.ts");
    const { privateKey, publicKey } = newKeys();
    const link = await dial({ ...options, handler: answersNothing, isForCertificate: true });
    try {
      const head = { ...request(), publicKey: new Uint8Array(publicKey.export({ type: "spki", format: "der" })) };
      const answer = await link.call({ kind: certificateCall, head });
      const { certificate, ...others } = decodeCertificateAnswer(answer.head);
      const { validFromDate, validToDate } = new X509Certificate(certificate);
      await use({ ...others, own: { certificate, key: pemOf(privateKey) } });
      const [nowMs, lifeMs] = [clock.monotonicMs(), validToDate.getTime() - validFromDate.getTime()];
      this.#held = { renewMs: nowMs + lifeMs * renewedAfter, endMs: nowMs + lifeMs };
      this.#hasFailed = false;
      log.info("A server has signed the certificate of this agent", { until: validToDate.toISOString() });
    } catch (error) {
      throw refused(options, error);
    } finally {
      link.close("the agent has its certificate");
    }
  }
}

function answersNothing(): Promise<never> {
  return Promise.reject(new OperatingError("invalid", "unknown-call", "this connection is for a certificate only"));
}

function refused({ host, port }: DialOptions, error: unknown): OperatingError {
  const message =
    `the server at ${host}:${port} gives this agent no certificate (auto_encrypt.tls): ${messageOf(error)}. ` +
    "Where access control is on, acl.tokens.agent must be a token with node:write on this node";
  return new OperatingError("denied", "certificate-refused", message, { cause: error });
}
