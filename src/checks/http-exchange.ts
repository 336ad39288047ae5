import { request as requestPlain, type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { request as requestTls, type RequestOptions } from "node:https";
import { isIP } from "node:net";
import { messageOf } from "../lib/errors.ts";
import { startDeadline, type DeadlineOptions } from "./deadline.ts";
import { dualStackLookup } from "./dual-stack-lookup.ts";
import { formatHostPort, type HostPort } from "./host-port.ts";
import { OutputTail } from "./limit-output.ts";
import { codeOf, dialErrorWords, notTlsWords, tlsErrorWords } from "./network-words.ts";

export interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
  readonly tlsSkipVerify: boolean;
}

export type HttpOutcome =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly reason: string;
      readonly location: string;
      /** The end of the body, or of as much of it as came in time. */
      readonly body: OutputTail;
    }
  | { readonly kind: "failed"; readonly reason: string };

export type ExchangeOptions = DeadlineOptions & { readonly outputBytesMax: number };

/**
 * An answer's status decides; its body is only shown, by its end. Consul reads it whole, for as long as there is time;
 * here the connection is closed after this much, so that an endless body costs little.
 */
const bodyBytesReadMax = 1024 * 1024;

/** One request on a connection of its own, and its answer; redirects are not followed. Never rejects. */
export function exchange(request: HttpRequest, options: ExchangeOptions): Promise<HttpOutcome> {
  return new Promise((resolve) => new Exchange(request, options, resolve).start());
}

class Exchange {
  readonly #request: HttpRequest;
  readonly #options: ExchangeOptions;
  readonly #resolve: (outcome: HttpOutcome) => void;
  readonly #target: HostPort;
  readonly #body: OutputTail;
  /** What is being waited for decides what a time-out says. */
  #waitsFor: "address" | "connection" | "answer";
  #address: string;
  #answer: IncomingMessage | undefined;

  constructor(request: HttpRequest, options: ExchangeOptions, resolve: (outcome: HttpOutcome) => void) {
    this.#request = request;
    this.#options = options;
    this.#resolve = resolve;
    this.#target = targetOf(request.url);
    this.#address = this.#target.host;
    this.#waitsFor = isIP(this.#target.host) === 0 ? "address" : "connection";
    this.#body = new OutputTail(options.outputBytesMax);
  }

  start(): void {
    let outgoing: ClientRequest;
    try {
      outgoing = this.#open();
    } catch (thrown) {
      return this.#resolve({ kind: "failed", reason: `net/http: ${messageOf(thrown)}` });
    }
    const end = (error?: unknown): void => {
      deadline.clear();
      outgoing.destroy();
      this.#resolve(this.#outcome(error));
    };
    const deadline = startDeadline(this.#options, () => end(timeUp));
    outgoing.on("error", end);
    outgoing.on("socket", (socket) => socket.once("connect", () => (this.#waitsFor = "answer")));
    outgoing.on("response", (answer) => this.#receive(answer, end));
    outgoing.end(this.#request.body);
  }

  /** @throws Error for a method or header that HTTP does not allow */
  #open(): ClientRequest {
    const { url, method, headers, tlsSkipVerify } = this.#request;
    const options: RequestOptions = {
      method,
      headers,
      agent: false, // a connection of its own: a kept one would say nothing of whether the service accepts new ones
      lookup: dualStackLookup((address) => {
        this.#address = address;
        this.#waitsFor = "connection";
      }),
      rejectUnauthorized: !tlsSkipVerify,
    };
    return url.protocol === "https:" ? requestTls(url, options) : requestPlain(url, options);
  }

  #receive(answer: IncomingMessage, end: (error?: unknown) => void): void {
    this.#answer = answer;
    answer.on("data", (chunk: Uint8Array) => {
      this.#body.write(chunk);
      if (this.#body.bytesTotal >= bodyBytesReadMax) end();
    });
    answer.on("end", () => end());
    answer.on("error", end); // cut off in the middle: the status has come, and decides
  }

  #outcome(error: unknown): HttpOutcome {
    const answer = this.#answer;
    if (answer === undefined) return { kind: "failed", reason: this.#failureWords(error) };
    return {
      kind: "answered",
      status: answer.statusCode ?? 0,
      reason: answer.statusMessage ?? "",
      location: answer.headers.location ?? "",
      body: this.#body,
    };
  }

  #failureWords(error: unknown): string {
    if (error === timeUp) return `${this.#timeoutWords()} (Client.Timeout exceeded while awaiting headers)`;
    const tls = this.#request.url.protocol === "https:" ? tlsErrorWords(error) : undefined;
    if (tls !== undefined) return tls === notTlsWords ? "http: server gave HTTP response to HTTPS client" : tls;
    if (this.#waitsFor !== "answer") return dialErrorWords(error, { ...this.#target, host: this.#address });
    if (messageOf(error) === "socket hang up") return "EOF";
    const broken = "net/http: HTTP/1.x transport connection broken";
    return codeOf(error).startsWith("HPE_") ? `${broken}: malformed HTTP response` : `${broken}: ${messageOf(error)}`;
  }

  #timeoutWords(): string {
    if (this.#waitsFor === "answer") return "context deadline exceeded";
    if (this.#waitsFor === "address") return `dial tcp: lookup ${this.#target.host}: i/o timeout`;
    return `dial tcp ${formatHostPort({ ...this.#target, host: this.#address })}: i/o timeout`;
  }
}

const timeUp: unique symbol = Symbol("time is up");

function targetOf(url: URL): HostPort {
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port };
}
