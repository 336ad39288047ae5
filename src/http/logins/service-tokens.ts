import { readFile } from "node:fs/promises";
import {
  checkClaims,
  type ClaimDemands,
  type Claims,
  type RegisteredClaims,
  registeredClaims,
} from "../../acl/web-token-claims.ts";
import type { Clock } from "../../lib/clock.ts";
import { messageOf, OperatingError } from "../../lib/errors.ts";
import { isRecord } from "../../lib/is-record.ts";
import type { Log } from "../../lib/log.ts";
import { LogThrottle } from "../../lib/log-throttle.ts";
import { webTokenAlgorithms } from "../auth-method-config.ts";
import { fetchText, parsedJson } from "./fetch-json.ts";
import type { WebKeys } from "./web-keys.ts";
import { readWebToken, unverifiedClaims, verifiedClaims, type WebToken } from "./web-token.ts";

/** Tells whether the issuer has signed a token, and vouches for it. */
export interface Voucher {
  /** @throws Error when that cannot be found out now */
  vouches(token: WebToken, claims: RegisteredClaims): Promise<boolean>;
}

export interface ServiceTokensOptions {
  readonly voucher: Voucher;
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Verifies the JWTs of EdgeX 4's services, which their secret store issues.
 *
 * A JWT must be signed with a public-key algorithm, have the configured issuer and audience, be valid now, and name a service. It must
 * have a time to expire, and is refused from that second on (RFC 7519, 4.1.4); core-keeper accepts expired ones of some issuers. Its
 * start may lie a minute ahead, because the clocks of two machines differ.
 */
export class ServiceTokens {
  readonly #options: ServiceTokensOptions;
  readonly #demands: ClaimDemands;
  readonly #throttle: LogThrottle;

  constructor(options: ServiceTokensOptions) {
    this.#options = options;
    this.#demands = {
      ...{ boundIssuer: options.issuer, boundAudiences: options.audiences },
      ...{ expirationLeewayS: 0, notBeforeLeewayS: 0, clockSkewLeewayS: 0 },
    };
    this.#throttle = new LogThrottle(options.clock);
  }

  /** Returns whether a bearer token has the form of a JWT. */
  isOne(bearer: string): boolean {
    return /^[^.]+\.[^.]+\.[^.]*$/.test(bearer);
  }

  /**
   * Returns the key of the service to which a JWT was issued; undefined for one that is not valid.
   * @throws OperatingError unavailable when that cannot be found out now
   */
  async serviceOf(bearer: string): Promise<string | undefined> {
    try {
      return await this.#verifiedService(bearer);
    } catch (error) {
      if (error instanceof OperatingError && error.code === "login-refused") {
        this.#tell("A JWT was refused", error.message);
        return undefined;
      }
      this.#tell("JWTs cannot be checked", messageOf(error));
      const message = "JWTs cannot be checked now: the secret store, or the server of its keys, does not answer";
      throw new OperatingError("unavailable", "jwt-unchecked", message, { cause: error });
    }
  }

  async #verifiedService(bearer: string): Promise<string> {
    const token = readWebToken(bearer, "it is not readable");
    // Among them is none with a secret that both sides share: a public key that serves as such a secret signs nothing.
    if (!webTokenAlgorithms.includes(token.algorithm))
      throw refused("its algorithm is not one of those with a public key");
    const claims = unverifiedClaims(token);
    const registered = claims && registeredClaims(claims);
    if (!registered) throw refused("its claims are not readable");
    // The claims are judged first, so that a token which cannot be valid costs no request to another system.
    const nowMs = this.#options.clock.wallMs();
    if (registered.expiresS * 1000 <= nowMs) throw refused("it has expired, or has no time to expire");
    checkClaims(registered, this.#demands, nowMs);
    const service = serviceIn(claims);
    if (!(await this.#options.voucher.vouches(token, registered)))
      throw refused("its issuer has not signed it, or has withdrawn it");
    return service;
  }

  /** The reasons hold no part of the token. */
  #tell(what: string, reason: string): void {
    if (this.#throttle.isNew(reason)) this.#options.log.warn(what, { reason });
  }
}

/**
 * Returns the key of a service: the claim `name`, which EdgeX's secret store issues, else the subject. It becomes a part of keys' names, so
 * only EdgeX's letters may be in it.
 */
function serviceIn({ name, sub }: Claims): string {
  const service = name ?? sub;
  if (typeof service === "string" && /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(service)) return service;
  throw refused("its claim name, or sub without one, is not the key of a service");
}

function refused(why: string): OperatingError {
  return new OperatingError("denied", "login-refused", why);
}

/** Vouches for the tokens that one of the keys has signed. */
export function keyVoucher(keys: WebKeys): Voucher {
  return {
    vouches: async (token) => (await verifiedClaims(token, { keys, algorithms: webTokenAlgorithms })) !== undefined,
  };
}

export interface SecretStore {
  /** Without a final slash. */
  readonly url: string;
  /** As in JsonRequest. */
  readonly authority: string;
  /** The file with the agent's own token. The secret store issues another one at each of EdgeX's starts. */
  readonly tokenFile: string;
  readonly clock: Clock;
}

interface KeptAnswer {
  readonly answer: Promise<boolean>;
  /** Until this time since 1970, in milliseconds. */
  readonly untilMs: number;
}

/** How long an answer of the secret store is kept at the most, in milliseconds: what it withdraws may be used so much longer. */
const keptMs = 30_000;
/** Maximum number of answers that are kept. */
const keptMax = 1_000;
/** core-keeper's time limit of a request, in milliseconds. */
const answerMsMax = 5_000;

/**
 * Asks a secret store (OpenBao, Vault) whether it vouches for a token, as core-keeper does: POST identity/oidc/introspect. Requests with
 * the same token share one answer.
 */
export class Introspection implements Voucher {
  readonly #store: SecretStore;
  /** By the hash of the token, the oldest first. */
  readonly #kept = new Map<string, KeptAnswer>();

  constructor(store: SecretStore) {
    this.#store = store;
  }

  vouches({ text }: WebToken, { expiresS }: RegisteredClaims): Promise<boolean> {
    const nowMs = this.#store.clock.wallMs();
    const hash = new Bun.CryptoHasher("sha256").update(text).digest("base64");
    const known = this.#kept.get(hash);
    // A clock that was set back must not prolong an answer.
    if (known && nowMs < known.untilMs && nowMs > known.untilMs - keptMs - 1) return known.answer;
    const answer = this.#ask(text);
    this.#kept.delete(hash);
    this.#kept.set(hash, { answer, untilMs: Math.min(expiresS * 1000, nowMs + keptMs) });
    for (const oldest of this.#kept.keys()) if (this.#kept.size > keptMax) this.#kept.delete(oldest);
    // A request that failed says nothing about the token.
    answer.catch(() => {
      if (this.#kept.get(hash)?.answer === answer) this.#kept.delete(hash);
    });
    return answer;
  }

  async #ask(token: string): Promise<boolean> {
    const { url, authority, clock, tokenFile } = this.#store;
    const own = ownToken(await readFile(tokenFile, "utf8"));
    const asked = { url: `${url}/v1/identity/oidc/introspect`, authority, clock, msMax: answerMsMax };
    const { status, text } = await fetchText({ ...asked, token: own, body: { token } });
    if (status === 403) throw new Error(`the secret store refuses the agent's own token in ${tokenFile}`);
    if (status !== 200) throw new Error(`the secret store answered ${status}`);
    const answer = parsedJson(text);
    if (!isRecord(answer) || typeof answer["active"] !== "boolean")
      throw new Error("the secret store's answer does not say whether the token is active");
    return answer["active"];
  }
}

/** Returns the token in a file: the text alone, or the answer of a login, which EdgeX's secretstore-setup writes. */
function ownToken(text: string): string {
  const found = parsedJson(text);
  const auth = isRecord(found) ? found["auth"] : undefined;
  const token = isRecord(auth) ? auth["client_token"] : text.trim();
  if (typeof token === "string" && /^[!-~]+$/.test(token)) return token;
  throw new Error("the file of the agent's own token for the secret store holds none");
}
