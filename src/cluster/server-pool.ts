import { type Clock, sleep } from "../lib/clock.ts";
import { messageOf, OperatingError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { LogThrottle } from "../lib/log-throttle.ts";
import type { Random } from "../lib/random.ts";
import { shuffle } from "../lib/shuffle.ts";
import type { DialOptions } from "../link/connect.ts";
import type { Answer, Call, IncomingCall, Link } from "../link/link.ts";
import type { JoinAnswer, JoinRequest, ServerAddress } from "./join-call.ts";
import { joinFailed, type Place, placeOf } from "./place.ts";

export interface ServerPoolOptions {
  /** Returns how this agent introduces itself to a server. */
  readonly joinRequest: () => JoinRequest;
  readonly key: DialOptions["key"];
  readonly dial: (options: DialOptions) => Promise<Link>;
  /** The ports of an address that names none, or that names the gossip port, on which Consul's agents join. */
  readonly ports: { readonly server: number; readonly serfLan: number };
  /** The servers that this agent knew when it last ran. */
  readonly known: readonly ServerAddress[];
  readonly retryJoin: RetryJoin;
  /** Answers the calls of servers, by kind. */
  readonly handlers: Readonly<Record<string, (call: IncomingCall) => Promise<Answer>>>;
  /** Called with all servers when a server names others than before. */
  readonly onServers: (servers: readonly ServerAddress[]) => void;
  /** Called each time a server has accepted this agent. */
  readonly onJoined: () => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface RetryJoin {
  /** "host", "host:port", "[IPv6]:port" or an IPv6 address. */
  readonly addresses: readonly string[];
  /** The longest pause between two attempts by these addresses; every pause if the number of attempts is limited. */
  readonly intervalMs: number;
  /** Maximum number of attempts to join by these addresses; 0 for no limit. */
  readonly attemptsMax: number;
  /** Called when the agent has made all attempts. */
  readonly onExhausted: () => void;
}

export interface PoolCallOptions {
  /** Whether another server may get the call if the link is lost before the answer: the call only reads, or is idempotent. */
  readonly isRepeatable: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Time after which an attempt at the next server begins beside one that has no result yet, in milliseconds. */
const headStartMs = 500;
/** Pauses between rounds of attempts: the first one, and the longest, in milliseconds. */
const pauseMsMin = 100;
const pauseMsMax = 2_000;
/** The first pause between two attempts by retry_join, in milliseconds; each further one is twice the one before. */
const retryJoinMsMin = 1_000;

/**
 * The servers that a client agent knows, and its link to one of them.
 *
 *     a round of attempts ──joined──▶ linked ──link lost──▶ the next round, at once
 *          ▲        └──none accepts──▶ pause ──┐
 *          └────────────────────────────────────┘
 *
 * A round tries the known servers in random order, then the addresses of retry_join if their interval is over. A call waits for
 * the round under way. During a pause there is no server to wait for, and the call is refused at once.
 */
export class ServerPool {
  readonly #options: ServerPoolOptions;
  readonly #throttle: LogThrottle;
  #servers: readonly ServerAddress[];
  #link: Link | undefined;
  /** The end of the round that is under way or, while the pool is linked, of the next one; undefined in a pause. */
  #round: PromiseWithResolvers<void> | undefined;
  #isStopped = false;
  readonly #stopping = new AbortController();
  #attempts = 0;
  /** The monotonic time from which retry_join is tried again. */
  #retryJoinMs = -Infinity;

  constructor(options: ServerPoolOptions) {
    this.#options = options;
    this.#servers = options.known;
    this.#throttle = new LogThrottle(options.clock);
  }

  get servers(): readonly ServerAddress[] {
    return this.#servers;
  }

  get isLinked(): boolean {
    return this.#live !== undefined;
  }

  get #live(): Link | undefined {
    return this.#link?.isLost === false ? this.#link : undefined;
  }

  /** Keeps a link to a server until `stop`. Returns a promise of the end of the first round. */
  start(): Promise<void> {
    const first = (this.#round = Promise.withResolvers());
    void this.#run();
    return first.promise;
  }

  /**
   * Sends a call to a server.
   * @throws OperatingError as the server's handler; unavailable "no-servers" when no server accepts this agent; unavailable
   * "link-lost" when a call that is not repeatable has no answer; the signal's reason when it aborts
   */
  async call(call: Call, { isRepeatable, signal }: PoolCallOptions): Promise<Answer> {
    for (;;) {
      const link = this.#live ?? (await this.#nextLink(signal));
      try {
        return await link.call(call, signal);
      } catch (error) {
        if (!isRepeatable || !link.isLost || signal?.aborted) throw error;
      }
    }
  }

  /**
   * Joins the servers by one of them.
   * @param address as in RetryJoin
   * @throws OperatingError unavailable "join-failed" with Consul's text
   */
  async join(address: string): Promise<void> {
    const place = this.#placeOf(address);
    const link = await this.#attempt(place).catch((error: unknown) => {
      throw joinFailed(place, error);
    });
    const before = this.#live;
    this.#adopt(link);
    before?.close("the agent has joined by another server");
  }

  /** Introduces this agent again, after a change of its node. */
  async rejoin(): Promise<void> {
    const { head } = await this.call({ kind: "join", head: this.#options.joinRequest() }, { isRepeatable: true });
    this.#learn(serversIn(head));
  }

  /** Tells a server, if there is one, that this agent leaves, and stops. @throws OperatingError as the server's handler */
  async leave(): Promise<void> {
    try {
      await this.#live?.call({ kind: "leave", head: null });
    } finally {
      this.stop();
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#stopping.abort();
    this.#link?.close("the agent stops");
    this.#round?.resolve();
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options;
    let pauseMs = pauseMsMin;
    while (!this.#isStopped) {
      this.#round ??= Promise.withResolvers();
      const found = this.#live ?? (await this.#tryAll());
      const round = this.#round;
      if (found) {
        pauseMs = pauseMsMin;
        this.#adopt(found);
        this.#round = Promise.withResolvers();
        round.resolve();
        const reason = await this.#linkLost();
        if (!this.#isStopped) log.warn("Lost the connection to the server", { reason });
      } else {
        this.#round = undefined;
        round.resolve();
        await sleep(clock, pauseMs, this.#stopping.signal);
        pauseMs = Math.min(2 * pauseMs, pauseMsMax);
      }
    }
  }

  /** Resolves with the reason when the newest link is lost. */
  async #linkLost(): Promise<string> {
    for (;;) {
      const link = this.#link;
      const reason = (await link?.lost) ?? "";
      if (link === this.#link) return reason;
    }
  }

  #adopt(link: Link): void {
    if (link === this.#link) return;
    this.#link = link;
    this.#retryJoinMs = -Infinity;
    this.#attempts = 0;
    if (this.#isStopped) return link.close("the agent stops");
    this.#options.onJoined();
  }

  async #nextLink(signal: AbortSignal | undefined): Promise<Link> {
    while (this.#round && !this.#isStopped) {
      await Promise.race([this.#round.promise, aborted(signal)]);
      if (signal?.aborted) throw signal.reason;
      if (this.#live) return this.#live;
    }
    throw noServers();
  }

  /** Returns a link to the first server that accepts this agent; undefined if none does. */
  #tryAll(): Promise<Link | undefined> {
    const places = this.#candidates();
    const { clock } = this.#options;
    return new Promise((resolve) => {
      let left = places.length;
      let isOver = left === 0;
      if (isOver) resolve(undefined);
      const tryNext = (): void => {
        const place = isOver ? undefined : places.shift();
        if (!place) return;
        const timer = clock.schedule(headStartMs, tryNext);
        this.#attempt(place).then(
          (link) => {
            timer.cancel();
            if (isOver) return link.close("another server was faster");
            isOver = true;
            resolve(link);
          },
          (error: unknown) => {
            timer.cancel();
            this.#logFailure(error);
            left -= 1;
            if (left > 0) return tryNext();
            isOver = true;
            resolve(undefined);
          },
        );
      };
      tryNext();
    });
  }

  #candidates(): Place[] {
    const { retryJoin, clock, random } = this.#options;
    const places = shuffle(this.#servers, random).map(({ address: host, port }) => ({ host, port }));
    const nowMs = clock.monotonicMs();
    if (retryJoin.addresses.length > 0 && nowMs >= this.#retryJoinMs) {
      this.#attempts += 1;
      this.#retryJoinMs = nowMs + this.#retryJoinPauseMs;
      if (retryJoin.attemptsMax > 0 && this.#attempts > retryJoin.attemptsMax) retryJoin.onExhausted();
      else places.push(...retryJoin.addresses.map((address) => this.#placeOf(address)));
    }
    const seen = new Set<string>();
    return places.filter(({ host, port }) => !seen.has(`${host} ${port}`) && seen.add(`${host} ${port}`));
  }

  /**
   * Milliseconds until the next attempt by retry_join. The first pauses are short, because the servers may have new addresses that
   * the agent can only find by a name in retry_join. With a maximum number of attempts, the attempts last as long as the operator
   * expects.
   */
  get #retryJoinPauseMs(): number {
    const { attemptsMax, intervalMs } = this.#options.retryJoin;
    return attemptsMax > 0 ? intervalMs : Math.min(intervalMs, retryJoinMsMin * 2 ** (this.#attempts - 1));
  }

  async #attempt({ host, port }: Place): Promise<Link> {
    const { dial, key, clock, log, joinRequest } = this.#options;
    const link = await dial({ host, port, key, clock, handler: (call) => this.#answer(call) });
    try {
      const { head } = await link.call({ kind: "join", head: joinRequest() });
      this.#learn(serversIn(head));
    } catch (error) {
      link.close("the server refused the agent");
      throw error;
    }
    log.info("Joined the cluster", { server: `${host}:${port}` });
    return link;
  }

  #learn(servers: readonly ServerAddress[]): void {
    const isSame = JSON.stringify(servers) === JSON.stringify(this.#servers);
    this.#servers = servers;
    if (!isSame) this.#options.onServers(servers);
  }

  #answer(call: IncomingCall): Promise<Answer> {
    if (call.kind === "servers") {
      this.#learn(serversIn(call.head));
      return Promise.resolve({ head: null });
    }
    const { handlers } = this.#options;
    const handler = Object.hasOwn(handlers, call.kind) ? handlers[call.kind] : undefined;
    if (handler) return handler(call);
    const message = `this client agent does not know the call ${JSON.stringify(call.kind)}`;
    return Promise.reject(new OperatingError("invalid", "unknown-call", message));
  }

  #logFailure(error: unknown): void {
    const reason = messageOf(error);
    if (this.#isStopped) return;
    this.#options.log[this.#throttle.isNew(reason) ? "warn" : "debug"]("Cannot join by a server", { reason });
  }

  #placeOf(address: string): Place {
    return placeOf(address, this.#options.ports);
  }
}

export function noServers(): OperatingError {
  return new OperatingError("unavailable", "no-servers", "No known Consul servers");
}

function serversIn(head: unknown): readonly ServerAddress[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server has proved that it belongs to this cluster
  return (head as JoinAnswer).servers;
}

/** Resolves when the signal aborts, or has aborted. */
function aborted(signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true }));
}
