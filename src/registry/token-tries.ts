import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Meter } from "../lib/metrics.ts";
import type { Caller } from "./caller.ts";
import { minuteEndMs, noteUsed, TriedSecrets, type Tried } from "./tried-secrets.ts";

interface TokenTriesOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Counts the requests that are refused. */
  readonly refused: Pick<Meter, "add">;
}

/** Maximum number of different unknown secrets that an address may send in a minute. */
export const unknownMax = 100;
/** A token in use is noted for its address once in this time, since the look-up of an address costs much of a read. */
const noteAgainMs = 1_000;
const clientsMax = 1_000;

/**
 * Limits how many secrets an address may try. After `unknownMax` different unknown ones in a minute, the address may use until the
 * end of that minute only tokens that it has used before; every other secret is refused unseen, right or wrong.
 *
 * Several services often have one address, since they run behind a gateway, a proxy or a container's network. So a secret that is
 * sent again and again counts once, as a service does whose token was deleted, and tokens in use there are never refused.
 */
export class TokenTries {
  readonly #options: TokenTriesOptions;
  /** By address. */
  readonly #clients: TriedSecrets;
  readonly #notedMs = new WeakMap<Caller, number>();
  /** The end of the last minute in which an address had sent too many. */
  #strictUntilMs = 0;

  constructor(options: TokenTriesOptions) {
    this.#options = options;
    this.#clients = new TriedSecrets(options.clock, clientsMax);
  }

  /** Returns whether `admits` refuses a request with this secret from this address, whatever token it is. */
  refuses(secret: string, address: () => string | undefined): boolean {
    if (this.#options.clock.monotonicMs() >= this.#strictUntilMs) return false;
    const client = this.#clients.known(address() ?? "");
    return client !== undefined && client.unknown.size >= unknownMax && !client.used.has(secret);
  }

  /**
   * Returns whether the request may be answered.
   * @param isKnown whether the token exists
   * @param address returns the client's address; undefined on a Unix socket, which has no limit
   */
  admits(caller: Caller, secret: string, isKnown: boolean, address: () => string | undefined): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    const isStrict = nowMs < this.#strictUntilMs;
    if (isKnown && !isStrict && nowMs - (this.#notedMs.get(caller) ?? -Infinity) < noteAgainMs) return true;
    const place = address();
    if (place === undefined) return true;
    const client = this.#clients.at(place);
    if (client.unknown.size >= unknownMax && !client.used.has(secret)) {
      this.#options.refused.add(1);
      return false;
    }
    if (isKnown) {
      this.#notedMs.set(caller, nowMs);
      noteUsed(client, secret);
    } else this.#noteUnknown(client, secret, place);
    return true;
  }

  #noteUnknown(client: Tried, secret: string, address: string): void {
    const before = client.unknown.size;
    client.unknown.add(secret);
    if (before === client.unknown.size || client.unknown.size < unknownMax) return;
    this.#strictUntilMs = Math.max(this.#strictUntilMs, minuteEndMs(client));
    this.#options.log.warn(
      "An address tries unknown tokens: for a minute it may use only those that it has used before",
      {
        address,
        tokens: unknownMax,
      },
    );
  }
}
