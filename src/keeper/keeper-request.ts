import type { Clock } from "../lib/clock.ts";
import { parseBool } from "../lib/go-bool.ts";
import type { Caller } from "../registry/caller.ts";
import { readBody } from "../lib/read-body.ts";
import { KeeperError } from "./keeper-error.ts";

export interface KeeperRequestOptions {
  readonly caller: Caller;
  /** The part of the request's path after the route's path, decoded. */
  readonly rest: string;
  /** The query string, without "?". */
  readonly query: string;
  readonly bodyBytesMax: number;
  readonly clock: Clock;
}

/** A request of core-keeper's API, as endpoints read it. */
export class KeeperRequest {
  readonly caller: Caller;
  readonly rest: string;
  readonly #raw: Request;
  readonly #query: URLSearchParams;
  readonly #bodyBytesMax: number;
  readonly #clock: Clock;

  constructor(raw: Request, { caller, rest, query, bodyBytesMax, clock }: KeeperRequestOptions) {
    this.caller = caller;
    this.rest = rest;
    this.#raw = raw;
    this.#query = new URLSearchParams(query);
    this.#bodyBytesMax = bodyBytesMax;
    this.#clock = clock;
  }

  get userAgent(): string {
    return this.#raw.headers.get("user-agent") ?? "";
  }

  /**
   * Returns the first value of a boolean parameter; false if it is absent or empty.
   * @throws KeeperError 400 for text that Go's strconv.ParseBool rejects
   */
  flag(name: string): boolean {
    const text = (this.#query.get(name) ?? "").trim();
    if (text === "") return false;
    const value = parseBool(text);
    if (value !== undefined) return value;
    const reason = `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`;
    throw new KeeperError(400, `failed to parse querystring ${name} into bool. Error:${reason}`);
  }

  /** Reads the whole body. @throws KeeperError 413 for a body that is too long, 408 for one that does not arrive in time */
  body(): Promise<Uint8Array> {
    const bytesMax = this.#bodyBytesMax;
    const message = `request size exceed Service.MaxRequestSize(${Math.floor(bytesMax / 1024)} KB)`;
    return readBody(this.#raw, {
      bytesMax,
      clock: this.#clock,
      tooLarge: () => new KeeperError(413, message),
      tooSlow: (ms) => new KeeperError(408, `the request's body did not come within ${ms / 1_000} s`),
      gone: () => new KeeperError(400, "the client went away before its request was whole"),
    });
  }
}
