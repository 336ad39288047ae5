import type { Clock } from "../lib/clock.ts";
import { readBody } from "../lib/read-body.ts";
import type { Caller } from "../registry/caller.ts";
import { causingCaller } from "../registry/caused-changes.ts";
import { changeSourceOf } from "./cause.ts";
import { parseCacheControl, type CacheControl } from "./cache-control.ts";
import { HttpError } from "./http-error.ts";
import type { LargeAnswers } from "./large-answers.ts";
import { parseQueryOptions, type QueryOptions } from "./query-options.ts";
import { QueryString } from "./query-string.ts";
import { sentSecret } from "./sent-token.ts";

export interface RequestOptions {
  readonly rest: string;
  readonly query: string;
  /** Returns the IP address of the connection's other end; undefined on a unix socket. */
  readonly peerAddress: () => string | undefined;
  /** The name of the client agent's node that passed the request on; undefined if this agent got it from an HTTP client. */
  readonly agentNode?: string | undefined;
  /** The secret of that agent's default token, "" for none. */
  readonly agentToken?: string | undefined;
  readonly caller: Caller;
  readonly largeAnswers: LargeAnswers;
  readonly clock: Clock;
  /** Whether JSON is indented for every client, as with `?pretty`. */
  readonly isPretty: boolean;
}

/** A request with the parts that endpoints use. */
export class HttpRequest {
  readonly method: string;
  /** Path and query, encoded, without scheme and host. */
  readonly target: string;
  /** The decoded part of the path after the route's path, as "a/b" in "/v1/kv/a/b"; "" if the path is the route's. */
  readonly rest: string;
  readonly query: QueryString;
  /** The request as the runtime received it. */
  readonly raw: Request;
  readonly caller: Caller;
  readonly largeAnswers: LargeAnswers;
  readonly #options: RequestOptions;
  #queryOptions: QueryOptions | undefined;
  #cacheControl: CacheControl | undefined;

  constructor(request: Request, target: string, options: RequestOptions) {
    this.raw = request;
    this.method = request.method;
    this.target = target;
    this.rest = options.rest;
    this.caller =
      request.method === "GET"
        ? options.caller
        : causingCaller(options.caller, () => changeSourceOf(request, options.caller, this.clientAddress));
    this.largeAnswers = options.largeAnswers;
    this.#options = options;
    this.query = options.query === "" ? QueryString.none : new QueryString(options.query);
  }

  /** Aborts when the client has disconnected. */
  get signal(): AbortSignal {
    return this.raw.signal;
  }

  /** The client's IP address, from X-Forwarded-For if a proxy set it; undefined on a unix socket. */
  get clientAddress(): string | undefined {
    const [forwarded = ""] = this.raw.headers.get("x-forwarded-for")?.split(",") ?? [];
    return forwarded.trim() || this.#options.peerAddress();
  }

  /** The IP address of the connection's other end; undefined on a unix socket. */
  get peerAddress(): string | undefined {
    return this.#options.peerAddress();
  }

  /** The name of the client agent's node that passed the request on; undefined if this agent got it from an HTTP client. */
  get agentNode(): string | undefined {
    return this.#options.agentNode;
  }

  /** The secret of that agent's default token, "" for none; undefined as `agentNode`. */
  get agentToken(): string | undefined {
    return this.#options.agentToken;
  }

  /** The secret of the token that the request brings; undefined if it brings none. */
  get token(): string | undefined {
    return sentSecret(this.raw, this.target);
  }

  /** The IP address of the connection's other end; "unix" for all unix sockets. */
  get peer(): string {
    return this.#options.peerAddress() ?? "unix";
  }

  get pretty(): boolean {
    return this.#options.isPretty || this.query.has("pretty");
  }

  /** Returns index, wait and consistency; the first call parses them. @throws HttpError 400 with Consul's text */
  queryOptions(): QueryOptions {
    return (this.#queryOptions ??= parseQueryOptions(this.query));
  }

  /** Returns the Cache-Control header; the first call parses it. @throws HttpError 400 with Consul's text */
  cacheControl(): CacheControl {
    return (this.#cacheControl ??= parseCacheControl(this.raw.headers.get("cache-control")));
  }

  /** Returns the same request as a stale read. It must have none of the parameters for consistency. */
  asStale(): HttpRequest {
    return this.#withTarget(this.target.includes("?") ? `${this.target}&stale` : `${this.target}?stale`);
  }

  /** Returns the same request without these parameters. */
  without(...names: readonly string[]): HttpRequest {
    return this.#withTarget(this.targetWithout(...names));
  }

  #withTarget(target: string): HttpRequest {
    const [, query = ""] = /\?(.*)/s.exec(target) ?? [];
    return new HttpRequest(this.raw, target, { ...this.#options, query });
  }

  /** Returns the target of the same request without these parameters. */
  targetWithout(...names: readonly string[]): string {
    const query = this.query.without(...names);
    const path = this.target.slice(0, this.target.indexOf("?"));
    return query === "" ? path : `${path}?${query}`;
  }

  /**
   * Reads the whole body.
   * @param setting the name of the limit in the configuration
   * @throws HttpError 413 as soon as it is longer than `bytesMax`; 408 if it does not arrive in time, so that a slow client
   * does not occupy the agent
   */
  body(bytesMax: number, setting: LimitSetting = "kv_max_value_size"): Promise<Uint8Array> {
    return readBody(this.raw, {
      bytesMax,
      clock: this.#options.clock,
      tooLarge: (bytes) => tooLarge(bytes, { bytesMax, setting }),
      tooSlow,
      gone,
    });
  }
}

function tooSlow(ms: number): HttpError {
  const message = `the request's body did not come within ${ms / 1_000} s`;
  return new HttpError(408, message, { Connection: "close" });
}

function gone(): HttpError {
  return new HttpError(400, "the client went away before its request was whole");
}

type LimitSetting = "kv_max_value_size" | "txn_max_req_len";

interface Limit {
  readonly bytesMax: number;
  readonly setting: LimitSetting;
}

function tooLarge(bytes: number, { bytesMax, setting }: Limit): HttpError {
  return new HttpError(
    413,
    `Request body(${bytes} bytes) too large, max size: ${bytesMax} bytes. ` +
      `See https://www.consul.io/docs/agent/options.html#${setting}.`,
  );
}
