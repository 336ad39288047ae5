import { type Clock, sleep } from "../lib/clock.ts";
import { messageOf, OperatingError } from "../lib/errors.ts";

/** Resolves with a new token. The signal aborts at the time limit of the renewal, or when the renewal has ended. */
export type FetchAccessToken = (call: { readonly signal: AbortSignal }) => Promise<string>;

/** Time limit for getting a new token, in milliseconds. */
const renewalTimeoutMs = 10_000;

/** Holds the token that requests send, and renews it when the agent refuses it. */
export class AccessToken {
  readonly #clock: Clock;
  readonly #fetchToken: FetchAccessToken | undefined;
  #current: string;
  #renewal: Promise<void> | undefined;

  constructor(clock: Clock, token: string, fetchToken: FetchAccessToken | undefined) {
    this.#clock = clock;
    this.#current = token;
    this.#fetchToken = fetchToken;
  }

  /** The present token; "" if no token is set. */
  get current(): string {
    return this.#current;
  }

  get isRenewable(): boolean {
    return this.#fetchToken !== undefined;
  }

  /**
   * Replaces a refused token by a new one. Requests that are refused at the same time share one renewal.
   * @throws OperatingError forbidden, with the text of EdgeX's Go clients
   */
  async renew(refused: string): Promise<void> {
    if (this.#fetchToken === undefined || refused !== this.#current) return;
    this.#renewal ??= this.#fetch(this.#fetchToken).finally(() => (this.#renewal = undefined));
    await this.#renewal;
  }

  async #fetch(fetchToken: FetchAccessToken): Promise<void> {
    const ending = new AbortController();
    try {
      const tooLong = sleep(this.#clock, renewalTimeoutMs, ending.signal).then(() => {
        throw new Error(`no token within ${renewalTimeoutMs} ms`);
      });
      this.#current = await Promise.race([fetchToken({ signal: ending.signal }), tooLong]);
    } catch (cause) {
      const message = `failed to renew access token: ${messageOf(cause)}`;
      throw new OperatingError("denied", "token-not-renewed", message, { cause });
    } finally {
      ending.abort();
    }
  }
}
