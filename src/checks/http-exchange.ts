import { messageOf } from "../lib/errors.ts";
import type { Connection } from "./connection-attempt.ts";
import { startDeadline, type Deadline, type DeadlineOptions } from "./deadline.ts";
import { Dial, type DialEvents } from "./dial.ts";
import { HttpAnswerReader, type AnswerHead } from "./http-answer.ts";
import type { HttpRequest } from "./http-request.ts";
import { OutputTail } from "./limit-output.ts";
import { codeOf, dialErrorWords, dialTimeoutWords, notTlsWords, tlsErrorWords } from "./go-error-text.ts";

export type HttpOutcome =
  | (AnswerHead & {
      readonly kind: "answered";
      /** The end of the body, or of as much of it as came in time. */
      readonly body: OutputTail;
    })
  | { readonly kind: "failed"; readonly reason: string };

export type ExchangeOptions = DeadlineOptions & { readonly outputBytesMax: number };

/** One request on a connection of its own, and its answer; redirects are not followed. Never rejects. */
export function exchange(request: HttpRequest, options: ExchangeOptions): Promise<HttpOutcome> {
  return new Promise((resolve) => new Exchange(request, options, resolve).start());
}

/** A kept connection would say nothing of whether the service accepts new ones, so each run makes its own. */
class Exchange implements DialEvents {
  readonly #request: HttpRequest;
  readonly #resolve: (outcome: HttpOutcome) => void;
  readonly #dial: Dial;
  readonly #deadline: Deadline;
  readonly #body: OutputTail;
  readonly #answer: HttpAnswerReader;
  #connection: Connection | undefined;
  /** Empty until it may be sent. */
  #unsent: Uint8Array = nothing;

  constructor(request: HttpRequest, options: ExchangeOptions, resolve: (outcome: HttpOutcome) => void) {
    this.#request = request;
    this.#resolve = resolve;
    this.#body = new OutputTail(options.outputBytesMax);
    this.#answer = new HttpAnswerReader({ isHead: request.isHead, onBody: (bytes) => this.#body.write(bytes) });
    this.#dial = new Dial(request.target, { clock: options.clock, tls: request.tls, events: this });
    this.#deadline = startDeadline(options, () => this.#end(this.#timeoutWords()));
  }

  start(): void {
    this.#dial.start();
  }

  onOpen(connection: Connection): void {
    this.#connection = connection;
    if (!this.#request.tls) this.#send();
  }

  onRefused(error: unknown): void {
    this.#end(dialErrorWords(error, this.#dial.preferred));
  }

  onSecured(error: Error | undefined): void {
    if (error) this.#end(handshakeWords(error));
    else this.#send();
  }

  #send(): void {
    this.#unsent = this.#request.bytes;
    this.onWritable();
  }

  onWritable(): void {
    if (this.#unsent.length === 0) return;
    const taken = this.#connection?.write(this.#unsent) ?? 0;
    this.#unsent = this.#unsent.subarray(Math.max(taken, 0));
  }

  onBytes(bytes: Buffer): void {
    this.#answer.read(bytes);
    if (this.#answer.isOver) this.#end();
  }

  onClosed(error: Error | undefined): void {
    this.#answer.end();
    this.#end(error && connectionWords(error));
  }

  /** @param failure counts unless the head of an answer has come */
  #end(failure?: string): void {
    this.#deadline.clear();
    if (this.#answer.isOver) this.#dial.close();
    else this.#dial.cancel();
    const { head } = this.#answer;
    if (head) return this.#resolve({ kind: "answered", ...head, body: this.#body });
    this.#resolve({ kind: "failed", reason: failure ?? this.#answer.failure ?? "EOF" });
  }

  #timeoutWords(): string {
    const { waitsFor, preferred } = this.#dial;
    const words = waitsFor === "nothing" ? "context deadline exceeded" : dialTimeoutWords(waitsFor, preferred);
    return `${words} (Client.Timeout exceeded while awaiting headers)`;
  }
}

const nothing = new Uint8Array();

/** A service that ends the connection in the middle of TLS's handshake is told as one that does so later. */
function handshakeWords(error: Error): string {
  return codeOf(error) === "ECONNRESET" ? "EOF" : connectionWords(error);
}

function connectionWords(error: Error): string {
  const tls = tlsErrorWords(error);
  if (tls !== undefined) return tls === notTlsWords ? "http: server gave HTTP response to HTTPS client" : tls;
  return codeOf(error) === "ECONNRESET" ? "read: connection reset by peer" : messageOf(error);
}
