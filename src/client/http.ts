import type { Clock } from "../lib/clock.ts";
import { type ErrorKind, messageOf, OperatingError } from "../lib/errors.ts";
import { httpFetch, proxyOf, type Transport } from "../lib/http-fetch.ts";
import type { Environment } from "../lib/proxy.ts";
import { AccessToken, type FetchAccessToken } from "./access-token.ts";

export interface HttpClientSettings {
  /** "http://127.0.0.1:8500", without a path. */
  readonly baseUrl: string;
  readonly clock: Clock;
  /** Sent as X-Consul-Token; "" or absent sends none. */
  readonly token?: string;
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Where another token comes from when one is refused with 403; the request is then repeated, once. */
  readonly fetchToken?: FetchAccessToken | undefined;
  /** How long the agent may be silent, before its answer begins and between two parts of it; 5 s unless given. */
  readonly timeoutMs?: number;
  readonly transport?: Transport;
  /** Variables that name proxies; those of the process unless given. */
  readonly env?: Environment;
}

export interface HttpRequest {
  readonly method?: "GET" | "PUT" | "POST" | "DELETE";
  /** From the root, already escaped: "/v1/kv/a%20b". */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
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
 * One agent's HTTP API. Every request ends: by its answer, by a time-out when the agent falls silent, or by its signal. Uses
 * fetch only, so it runs on Node and in browsers as well as on Bun.
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
   * The answer, whatever its status.
   * @throws OperatingError unavailable or timeout when there is no whole answer, denied when a new token cannot be had;
   * the signal's reason when that aborts
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
   * The answer when its status is 200.
   * @throws OperatingError with Consul's words, `Unexpected response code: 500 (No cluster leader)`, for any other status:
   * Consul's clients take 201 and 204 as errors too, and programs search for these words
   */
  async requestOk(request: HttpRequest): Promise<HttpAnswer> {
    const answer = await this.request(request);
    if (answer.status !== 200) throw unexpectedStatus(answer);
    return answer;
  }

  /**
   * The answer once it begins, for as long as it goes on: then only its signal ends it. It is not asked for compressed:
   * Consul holds a compressed log back until there is much of it.
   * @throws OperatingError as requestOk
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
   * The parts of an answer as they come.
   * @throws OperatingError timeout when the agent is silent for too long, the runtime's error when the answer breaks off
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

  /** Resolves when the answer begins. @throws OperatingError timeout, and whatever fetch throws */
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

  /** Where a request goes. */
  urlOf(request: HttpRequest): URL {
    return new URL(pathAndQuery(request), this.#settings.baseUrl);
  }

  /** The URL of the proxy that a request goes through; undefined for none. It can hold a password. */
  proxyOf(request: HttpRequest): string | undefined {
    return this.socketPath === undefined ? proxyOf(this.urlOf(request), this.#settings.env) : undefined;
  }

  /** How long the agent may be silent while it is asked this. */
  timeoutMsOf({ timeoutMs }: Pick<HttpRequest, "timeoutMs">): number {
    return timeoutMs ?? this.#settings.timeoutMs ?? defaultTimeoutMs;
  }

  /** Of the socket that requests go through; undefined where they go over the network. */
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
      headers: { ...this.#settings.headers, ...headers, ...(token !== "" && { "X-Consul-Token": token }) },
      body: request.body ?? null,
      signal,
      redirect: "manual", // following one would turn a PUT into a GET
      ...this.#settings.transport,
      env: this.#settings.env,
    });
  }
}

/** What the promise does, or a rejection as soon as the signal aborts. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(asError(signal.reason)), { once: true });
    promise.then(resolve, reject);
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(messageOf(reason));
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

function pathAndQuery(request: HttpRequest): string {
  const query = new URLSearchParams(request.query).toString();
  if (query === "") return request.path;
  return `${request.path}${request.path.includes("?") ? "&" : "?"}${query}`;
}

export function textOf(answer: HttpAnswer): string {
  return new TextDecoder().decode(answer.body);
}

/** @throws OperatingError unavailable when the body is not JSON */
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
  // Consul: a list of errors ends in a blank line, which its clients show.
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

/** An error page must not fill the log of a service that retries every second. */
function shorten(text: string): string {
  return text.length <= 500 ? text : `${text.slice(0, 500)}...`;
}

function timedOut(where: string, timeoutMs: number): OperatingError {
  return new OperatingError("timeout", "request-timeout", `no answer from ${where} within ${timeoutMs} ms`);
}

/** What went wrong on the way; an error of our own (a time-out, a token that cannot be renewed) stays as it is. */
function asFailure(where: string, cause: unknown): OperatingError {
  if (cause instanceof OperatingError) return cause;
  return new OperatingError("unavailable", "agent-unreachable", `cannot reach ${where}: ${unreachableReason(cause)}`, {
    cause,
  });
}

/** Whether there was no answer at all: the next request will hardly have one either. */
export function isUnreachable({ code }: OperatingError): boolean {
  return code === "agent-unreachable" || code === "request-timeout";
}

/** Runtimes name the system's error in different places: Bun in `code`, Node in `cause.code`. */
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
