import type { Clock } from "../lib/clock.ts";
import { type ErrorKind, messageOf, OperatingError } from "../lib/errors.ts";
import { httpFetch, proxyOf, type Transport } from "../lib/http-fetch.ts";
import type { Environment } from "../lib/proxy.ts";
import { unlessAborted } from "../lib/unless-aborted.ts";
import { AccessToken, type FetchAccessToken } from "./access-token.ts";

/*
 * client/ has what EdgeX's services use to reach an agent: the registry client (registry-client.ts), the configuration client
 * (configuration-client.ts), locks, watches, and bootstrap/, which starts a whole service. HttpClient, in this file, sends all
 * requests of all of them.
 *
 * Life cycle of a request: it is sent with the access token; after a 403 the client fetches a new token and repeats it once. It
 * ends by its answer, by its timeout or by its signal.
 *
 * Invariants: the code uses only the web platform's interfaces, so it runs on Node, Bun and in browsers (portability.test.ts).
 * No request waits for ever. Errors are OperatingErrors whose text names the agent's address, and never a token.
 */

export interface HttpClientSettings {
  /** The base URL of the agent, without a path: "http://127.0.0.1:8500". */
  readonly baseUrl: string;
  readonly clock: Clock;
  /** The token to send as X-Consul-Token; none is sent if it is "" or undefined. */
  readonly token?: string;
  /** Headers to send with each request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Returns a new token. Called after status 403; the request is then repeated once. */
  readonly fetchToken?: FetchAccessToken | undefined;
  /** Milliseconds until the answer must begin, and between two parts of it; default 5,000. */
  readonly timeoutMs?: number;
  readonly transport?: Transport;
  /** The environment with the proxy variables; by default the environment of the process. */
  readonly env?: Environment;
}

export interface HttpRequest {
  readonly method?: "GET" | "PUT" | "POST" | "DELETE";
  /** Percent-encoded path: "/v1/kv/a%20b". */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer> | Blob;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

const defaultTimeoutMs = 5_000;

/**
 * A client of one agent's HTTP API. Every request ends with its answer, at its timeout, or when its signal aborts. The client
 * uses only fetch, so it runs on Node, on Bun and in browsers.
 */
export class HttpClient {
  readonly clock: Clock;
  readonly #settings: HttpClientSettings;
  readonly #token: AccessToken;

  constructor(settings: HttpClientSettings) {
    this.#settings = settings;
    this.clock = settings.clock;
    this.#token = new AccessToken(settings.clock, settings.token ?? "", settings.fetchToken);
  }

  /**
   * Resolves with the answer, whatever its status.
   * @throws OperatingError unavailable or timeout without a complete answer, denied if the token cannot be renewed; the signal's
   * reason if it aborts
   */
  async request(request: HttpRequest): Promise<HttpAnswer> {
    request.signal?.throwIfAborted();
    try {
      const response = await this.#begin(request);
      return { status: response.status, headers: response.headers, body: await this.#bodyOf(response, request) };
    } catch (thrown) {
      request.signal?.throwIfAborted();
      throw asFailure(this.#settings.baseUrl, thrown);
    }
  }

  /**
   * Resolves with an answer of status 200.
   * @throws OperatingError for any other status, with Consul's text `Unexpected response code: 500 (No cluster leader)`, which
   * programs search for; Consul's clients also treat 201 and 204 as errors
   */
  async requestOk(request: HttpRequest): Promise<HttpAnswer> {
    const answer = await this.request(request);
    if (answer.status !== 200) throw unexpectedStatus(answer);
    return answer;
  }

  /**
   * Resolves with the answer when it begins, before its body has arrived. From then on no timeout applies, and only the request's
   * signal ends the answer. Requests no compression: Consul would buffer much of a compressed stream, such as its log, before it
   * sends a part.
   * @throws OperatingError in the same cases as requestOk
   */
  async stream(request: HttpRequest): Promise<Response> {
    let response: Response;
    try {
      response = await this.#begin(request, { "Accept-Encoding": "identity" });
    } catch (thrown) {
      request.signal?.throwIfAborted();
      throw asFailure(this.#settings.baseUrl, thrown);
    }
    if (response.status === 200) return response;
    const { status, headers } = response;
    throw unexpectedStatus({ status, headers, body: await this.#bodyOf(response, request) });
  }

  async #bodyOf(response: Response, request: HttpRequest): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for await (const part of this.parts(response, request)) parts.push(part);
    return joined(parts);
  }

  /**
   * Yields the parts of an answer as they arrive.
   * @throws OperatingError timeout if the next part does not arrive in time; the runtime's error if the connection breaks
   */
  async *parts({ body }: Response, request: Pick<HttpRequest, "timeoutMs"> = {}): AsyncGenerator<Uint8Array> {
    const timeoutMs = this.timeoutMsOf(request);
    const reader = body?.getReader();
    if (reader === undefined) return;
    try {
      for (;;) {
        const part = await this.#unlessSilent<{ readonly value?: Uint8Array }>(reader.read(), timeoutMs);
        if (part.value === undefined) return;
        yield part.value;
      }
    } finally {
      await reader.cancel().catch(() => undefined);
    }
  }

  #unlessSilent<T>(reading: Promise<T>, timeoutMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = this.clock.schedule(timeoutMs, () => reject(timedOut(this.#settings.baseUrl, timeoutMs)));
      reading.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  /** Sends a request and resolves with the answer when it begins. @throws OperatingError timeout, or the error of fetch */
  async #begin(request: HttpRequest, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    const timeoutMs = this.timeoutMsOf(request);
    const late = new AbortController();
    const timer = this.clock.schedule(timeoutMs, () => late.abort());
    const signal = request.signal ? AbortSignal.any([request.signal, late.signal]) : late.signal;
    try {
      return await this.#send(request, signal, headers);
    } catch (thrown) {
      if (late.signal.aborted && !request.signal?.aborted) throw timedOut(this.#settings.baseUrl, timeoutMs);
      throw thrown;
    } finally {
      timer.cancel();
    }
  }

  /** Returns the full URL of a request. */
  urlOf(request: HttpRequest): URL {
    return new URL(pathAndQuery(request), this.#settings.baseUrl);
  }

  /** Returns the URL of the proxy that a request uses, which can contain a password; undefined if it uses none. */
  proxyOf(request: HttpRequest): string | undefined {
    return this.socketPath === undefined ? proxyOf(this.urlOf(request), this.#settings.env) : undefined;
  }

  /** Returns the timeout of a request in milliseconds. */
  timeoutMsOf({ timeoutMs }: Pick<HttpRequest, "timeoutMs">): number {
    return timeoutMs ?? this.#settings.timeoutMs ?? defaultTimeoutMs;
  }

  /** Path of the agent's unix socket; undefined for TCP. */
  get socketPath(): string | undefined {
    return this.#settings.transport?.unix;
  }

  async #send(request: HttpRequest, signal: AbortSignal, headers: Readonly<Record<string, string>>): Promise<Response> {
    const token = this.#token.current;
    const response = await this.#sendWith(token, request, { signal, headers });
    if (response.status !== 403 || !this.#token.isRenewable) return response;
    await response.body?.cancel();
    await unlessAborted(this.#token.renew(token), signal);
    return this.#sendWith(this.#token.current, request, { signal, headers });
  }

  #sendWith(
    token: string,
    request: HttpRequest,
    { signal, headers }: { signal: AbortSignal; headers: Readonly<Record<string, string>> },
  ): Promise<Response> {
    return httpFetch(this.urlOf(request), {
      method: request.method ?? "GET",
      headers: {
        ...this.#settings.headers,
        ...request.headers,
        ...headers,
        ...(token !== "" && { "X-Consul-Token": token }),
      },
      body: request.body ?? null,
      signal,
      redirect: "manual", // following a redirect would turn a PUT into a GET
      ...this.#settings.transport,
      env: this.#settings.env,
    });
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first, ...more] = parts;
  if (first !== undefined && more.length === 0) return first;
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Returns the path of a request with its query, encoded. */
export function pathAndQuery(request: HttpRequest): string {
  const query = new URLSearchParams(request.query).toString();
  if (query === "") return request.path;
  return `${request.path}${request.path.includes("?") ? "&" : "?"}${query}`;
}

export function textOf(answer: HttpAnswer): string {
  return new TextDecoder().decode(answer.body);
}

/** Parses an answer's body as JSON. @throws OperatingError unavailable if it is not JSON */
export function jsonOf(answer: HttpAnswer): unknown {
  const text = textOf(answer);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = `the answer is not JSON (${messageOf(cause)}): ${shorten(text)}`;
    throw new OperatingError("unavailable", "answer-not-json", message, { cause });
  }
}

export function unexpectedStatus(answer: HttpAnswer): OperatingError {
  const text = textOf(answer);
  // Consul: an error of several lines keeps its final newline in the message.
  const body = shorten(/\n./.test(text) ? text : text.trim());
  const message = `Unexpected response code: ${answer.status}${body === "" ? "" : ` (${body})`}`;
  return new OperatingError(kindOfStatus(answer.status), "unexpected-status", message);
}

function kindOfStatus(status: number): ErrorKind {
  switch (status) {
    case 401:
    case 403:
      return "denied";
    case 404:
      return "not-found";
    case 409:
      return "conflict";
    case 413:
      return "too-large";
    case 429:
      return "rate-limited";
    default:
      return status >= 400 && status < 500 ? "invalid" : "unavailable";
  }
}

/** Truncates a body for an error message, so that an error page does not fill the log of a service that retries every second. */
function shorten(text: string): string {
  return text.length <= 500 ? text : `${text.slice(0, 500)}...`;
}

function timedOut(where: string, timeoutMs: number): OperatingError {
  return new OperatingError("timeout", "request-timeout", `no answer from ${where} within ${timeoutMs} ms`);
}

/** Wraps an error of fetch; a timeout or a failed token renewal stays unchanged. */
function asFailure(where: string, cause: unknown): OperatingError {
  if (cause instanceof OperatingError) return cause;
  return new OperatingError("unavailable", "agent-unreachable", `cannot reach ${where}: ${unreachableReason(cause)}`, {
    cause,
  });
}

/** Returns whether the agent did not answer at all, so that further requests are pointless. */
export function isUnreachable({ code }: OperatingError): boolean {
  return code === "agent-unreachable" || code === "request-timeout";
}

/** Returns the reason of a network error. Bun has the system's error code in `code`, Node in `cause.code`. */
export function unreachableReason(thrown: unknown): string {
  const inner = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  switch (codeOf(inner)) {
    case "ECONNREFUSED":
      return "connection refused";
    case "ENOENT":
      return "no such file or directory";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "name not resolved";
    case "ECONNRESET":
    case "UND_ERR_SOCKET":
      return "connection closed before the whole answer";
    case "CERT_HAS_EXPIRED":
    case "CERT_NOT_YET_VALID":
      return "certificate has expired or is not yet valid";
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return "certificate is valid for other names than this one";
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
      return "certificate signed by unknown authority";
    default:
      return messageOf(inner);
  }
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
}
