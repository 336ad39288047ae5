import { isDeepStrictEqual } from "node:util";
import { everything, nothing, type Rights } from "../acl/rights.ts";
import { type Clock, sleep } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { LogThrottle } from "../lib/log-throttle.ts";
import type { AclPolicyRow } from "../model/acl.ts";
import type { Topic } from "../state/topics.ts";
import type { Grant, TokenSource, Undecided } from "./token-source.ts";

/** The decision about a token while no server answers. Consul: acl.down_policy. */
export type DownPolicy = "allow" | "deny" | "extend-cache" | "async-cache";

/** The answer of a server about a secret: "off" if the server has access control switched off. */
export type TokenAnswer = Grant | "unknown" | "off";

export interface AskedTokensOptions {
  /** Asks a server. @throws OperatingError when none answers */
  readonly ask: (secret: string) => Promise<TokenAnswer>;
  readonly downPolicy: DownPolicy;
  /** How long an answer holds, in milliseconds. */
  readonly ttlMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

type Found = Grant | Undecided | undefined;

interface Entry {
  readonly found: Found;
  readonly version: number;
  /** Whether a server has decided about the secret, now or before. */
  readonly isAnswered: boolean;
  /** The monotonic time until which the entry holds. */
  readonly untilMs: number;
}

/** Maximum numbers of kept answers: for tokens that exist, and for all other secrets, so that guesses push no real token out. */
const tokensMax = 10_000;
const othersMax = 1_000;
const policiesMax = 10_000;
/** Time for which the down policy decides before a server is asked again, in milliseconds, at most the time that an answer holds. */
const downMsMax = 1_000;
/** How long a request waits for a server's answer, in milliseconds. The answer counts for later requests all the same. */
const answerMsMax = 7_000;

/**
 * The tokens of a client agent, as its servers know them.
 *
 *     unknown ──ask──▶ answered (a token, or none) ──ttl──▶ asked again ──▶ answered
 *                 └─no server─▶ undecided: allow or deny ──1 s──▶ asked again
 *     answered ──ttl──▶ no server ──extend-cache, async-cache──▶ answered as before, for another ttl
 *                                └──allow, deny──▶ undecided
 *
 * Invariants: for each secret one question at most is on its way. A secret about which no server has ever decided never gets rights
 * but by the policy "allow". Consul 1.8.7 with "extend-cache" lets the first request with such a secret do everything.
 */
export class AskedTokens implements TokenSource {
  readonly isAsked = true;
  readonly topics: readonly Topic[] = [];
  readonly #options: AskedTokensOptions;
  readonly #tokens = new Map<string, Entry>();
  readonly #others = new Map<string, Entry>();
  readonly #asking = new Map<string, Promise<void>>();
  /** By id: the row of a policy that all its tokens share, so that they share their rights, too. */
  readonly #policies = new Map<string, AclPolicyRow>();
  readonly #throttle: LogThrottle;
  #lastVersion = 0;

  constructor(options: AskedTokensOptions) {
    this.#options = options;
    this.#throttle = new LogThrottle(options.clock);
  }

  versionOf(secret: string): number {
    return this.#entryOf(secret)?.version ?? 0;
  }

  find(secret: string): Found {
    return this.#entryOf(secret)?.found;
  }

  refresh(secret: string): Promise<void> | undefined {
    const known = this.#entryOf(secret);
    const { clock, downPolicy } = this.#options;
    if (known && clock.monotonicMs() < known.untilMs) return undefined;
    const asking = this.#asking.get(secret) ?? this.#ask(secret, known);
    if (known?.isAnswered && downPolicy === "async-cache") return undefined;
    return this.#patiently(secret, asking);
  }

  #entryOf(secret: string): Entry | undefined {
    return this.#tokens.get(secret) ?? this.#others.get(secret);
  }

  #ask(secret: string, known: Entry | undefined): Promise<void> {
    const asking = this.#answerOf(secret, known).finally(() => this.#asking.delete(secret));
    this.#asking.set(secret, asking);
    return asking;
  }

  async #answerOf(secret: string, known: Entry | undefined): Promise<void> {
    try {
      const answer = await this.#options.ask(secret);
      this.#keep(secret, { found: this.#foundIn(answer), isAnswered: true, known });
    } catch (error) {
      this.#logFailure(error);
      this.#decide(secret, known);
    }
  }

  /** Waits for an answer. If it takes too long, decides without it. */
  async #patiently(secret: string, asking: Promise<void>): Promise<void> {
    const waiting = new AbortController();
    const late = sleep(this.#options.clock, answerMsMax, waiting.signal).then(() => "late" as const);
    const first = await Promise.race([asking, late]);
    waiting.abort();
    if (first !== "late" || !this.#asking.has(secret)) return;
    this.#logFailure(new Error("a server does not answer in time"));
    this.#decide(secret, this.#entryOf(secret));
  }

  /** Decides without a server. */
  #decide(secret: string, known: Entry | undefined): void {
    const { downPolicy } = this.#options;
    const goesOn = downPolicy === "extend-cache" || downPolicy === "async-cache";
    if (known?.isAnswered && goesOn) return this.#keep(secret, { found: known.found, isAnswered: true, known });
    this.#keep(secret, { found: { undecided: downRights(downPolicy) }, isAnswered: false, known });
  }

  #foundIn(answer: TokenAnswer): Found {
    // Consul: without access control on the servers, none is on their client agents.
    if (answer === "off") return { undecided: everything };
    if (answer === "unknown") return undefined;
    return { ...answer, policies: answer.policies.map((policy) => this.#shared(policy)) };
  }

  #shared(policy: AclPolicyRow): AclPolicyRow {
    const known = this.#policies.get(policy.id);
    if (known && isDeepStrictEqual(known, policy)) return known;
    keepNewest(this.#policies, { key: policy.id, value: policy, max: policiesMax });
    return policy;
  }

  #keep(
    secret: string,
    { found, isAnswered, known }: Omit<Entry, "version" | "untilMs"> & { known: Entry | undefined },
  ) {
    const { clock, ttlMs } = this.#options;
    const isSame = known !== undefined && isDeepStrictEqual(known.found, found);
    const version = isSame ? known.version : (this.#lastVersion += 1);
    const untilMs = clock.monotonicMs() + (isAnswered ? ttlMs : Math.min(ttlMs, downMsMax));
    const entry = { found, version, isAnswered, untilMs };
    this.#tokens.delete(secret);
    this.#others.delete(secret);
    if (found && "token" in found) keepNewest(this.#tokens, { key: secret, value: entry, max: tokensMax });
    else keepNewest(this.#others, { key: secret, value: entry, max: othersMax });
  }

  #logFailure(error: unknown): void {
    const reason = messageOf(error);
    const { downPolicy, log } = this.#options;
    if (this.#throttle.isNew(reason))
      log.error("Error resolving token: no server answers, so acl.down_policy decides", {
        error: reason,
        down_policy: downPolicy,
      });
  }
}

function downRights(downPolicy: DownPolicy): Rights {
  return downPolicy === "allow" ? everything : nothing;
}

function keepNewest<T>(map: Map<string, T>, { key, value, max }: { key: string; value: T; max: number }): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) if (map.size > max) map.delete(oldest);
}
