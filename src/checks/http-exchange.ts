import { messageOf } from "../lib/errors.ts";
import type { Connection } from "./connection-attempt.ts";
import { startDeadline, type Deadline, type DeadlineOptions } from "../lib/deadline.ts";
import { Dial, type DialEvents } from "./dial.ts";
import { HttpAnswerReader, type AnswerHead } from "./http-answer.ts";
import type { HttpRequest } from "./http-request.ts";
import { OutputTail } from "../lib/output-tail.ts";
import { codeOf, dialErrorText, dialTimeoutText, notTlsText, tlsErrorText } from "./go-error-text.ts";

export type HttpOutcome =
  | (AnswerHead & {
      readonly kind: "answered";
      /** The last bytes of the body, or of the part of it that arrived before the timeout. */
      readonly body: OutputTail;
    })
  | { readonly kind: "failed"; readonly reason: string };

export type ExchangeOptions = DeadlineOptions & { readonly outputBytesMax: number };

/** Sends one request on a new connection and reads the response, without following redirects. Never rejects. */
export function exchange(request: HttpRequest, options: ExchangeOptions): Promise<HttpOutcome> {
  return new Promise((resolve) => new Exchange(request, options, resolve).start());
}

/** One request and its response. It uses a new connection, which tests that the service still accepts connections. */
class Exchange implements DialEvents {
  readonly #request: HttpRequest;
  readonly #resolve: (outcome: HttpOutcome) => void;
  readonly #dial: Dial;
  readonly #deadline: Deadline;
  readonly #body: OutputTail;
  readonly #answer: HttpAnswerReader;
  #connection: Connection | undefined;
  /** The unsent part of the request; empty until sending begins. */
  #unsent: Uint8Array = nothing;

  constructor(request: HttpRequest, options: ExchangeOptions, resolve: (outcome: HttpOutcome) => void) {
    this.#request = request;
    this.#resolve = resolve;
    this.#body = new OutputTail(options.outputBytesMax);
    this.#answer = new HttpAnswerReader({ isHead: request.isHead, onBody: (bytes) => this.#body.write(bytes) });
    this.#dial = new Dial(request.target, { clock: options.clock, tls: request.tls, events: this });
    this.#deadline = startDeadline(options, () => this.#end(this.#timeoutText()));
  }

  start(): void {
    this.#dial.start();
  }

  onOpen(connection: Connection): void {
    this.#connection = connection;
    if (!this.#request.tls) this.#send();
  }

  onRefused(error: unknown): void {
    this.#end(dialErrorText(error, this.#dial.preferred));
  }

  onSecured(error: Error | undefined): void {
    if (error) this.#end(handshakeText(error));
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
    this.#end(error && connectionText(error));
  }

  /** Ends the exchange. @param failure the reason to report unless a complete response head was received */
  #end(failure?: string): void {
    this.#deadline.clear();
    if (this.#answer.isOver) this.#dial.close();
    else this.#dial.cancel();
    const { head } = this.#answer;
    if (head) return this.#resolve({ kind: "answered", ...head, body: this.#body });
    this.#resolve({ kind: "failed", reason: failure ?? this.#answer.failure ?? "EOF" });
  }

  #timeoutText(): string {
    const { waitsFor, preferred } = this.#dial;
    const text = waitsFor === "nothing" ? "context deadline exceeded" : dialTimeoutText(waitsFor, preferred);
    return `${text} (Client.Timeout exceeded while awaiting headers)`;
  }
}

const nothing = new Uint8Array();

/**
 * Returns the text for a failed TLS handshake. If the connection ended during the handshake, the error has the code ECONNRESET,
 * and the text is "EOF", as for a connection that ends later.
 */
function handshakeText(error: Error): string {
  return codeOf(error) === "ECONNRESET" ? "EOF" : connectionText(error);
}

function connectionText(error: Error): string {
  const tls = tlsErrorText(error);
  if (tls !== undefined) return tls === notTlsText ? "http: server gave HTTP response to HTTPS client" : tls;
  return codeOf(error) === "ECONNRESET" ? "read: connection reset by peer" : messageOf(error);
}
