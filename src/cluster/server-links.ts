import { type Clock, sleep } from "../lib/clock.ts";
import { messageOf, OperatingError } from "../lib/errors.ts";
import { LogThrottle } from "../lib/log-throttle.ts";
import type { Log } from "../lib/log.ts";
import type { DialOptions } from "../link/connect.ts";
import type { Answer, Call, Handler, Link } from "../link/link.ts";
import type { JoinAnswer, JoinRequest, ServerAddress } from "./join-call.ts";
import { givenUpCode } from "./given-up.ts";
import { codeOf, joinFailed, type Place, placeOf } from "./place.ts";

export interface ServerLinksOptions {
  /** This server. */
  readonly own: () => ServerAddress;
  /** Returns how this server introduces itself to the others. */
  readonly joinRequest: () => JoinRequest;
  readonly key: DialOptions["key"];
  readonly dial: (options: DialOptions) => Promise<Link>;
  /** The ports of an address that names none, or that names the gossip port, on which Consul's agents join. */
  readonly ports: { readonly server: number; readonly serfLan: number };
  /** The servers that this server knew when it last ran. */
  readonly known: readonly ServerAddress[];
  /** Addresses of servers, as in RetryJoin. */
  readonly addresses: readonly string[];
  /** Milliseconds between two attempts at one of these addresses. */
  readonly intervalMs: number;
  /** Answers the calls that the others make over the links that this server has dialled. */
  readonly handler: Handler;
  /** Called with all known servers when they change. */
  readonly onServers: (servers: readonly ServerAddress[]) => void;
  /** Called when a server is linked. */
  readonly onLinked: (id: string) => void;
  /** Called when a server whose link was lost refuses a new one, so that its process has ended. */
  readonly onGone: (id: string) => void;
  /** Called when a server says that its cluster is in the place of this server's. */
  readonly onGivenUp: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** The call by which a server tells another one which servers it knows. The answer is the other one's list. */
export const serversCall = "server-list";

/** The answer of a server to the call "join" of another server. */
export interface ServerJoinAnswer extends JoinAnswer {
  /** The server that answers. */
  readonly own: ServerAddress;
}

/** A server that has accepted this one, and the link to it. */
interface Joined {
  readonly server: ServerAddress;
  readonly link: Link;
}

/** Pauses between two attempts at a known server: the first, and the longest, in milliseconds. */
const pauseMsMin = 50;
const pauseMsMax = 1_000;
/** Time after which an attempt without a result is given up, in milliseconds: a host that is down does not refuse. */
const attemptMsMax = 1_000;
/** Milliseconds for which the others may take up the departure of this server. They wait for a leader. */
const leaveMsMax = 5_000;

/**
 * The links from this server to each other server of the cluster. Each of two servers dials the other, and calls it over the link
 * that it has dialled itself, so there are two links between them, and neither depends on who came first.
 *
 * The servers learn of each other: a server that links with another, or learns of one, tells all others its list. An address of
 * retry_join is tried until a server answers there, and again when that server's link is lost: it may have another address then.
 *
 * Invariant: a server is in `linked` from the answer to "join" until its link is lost.
 */
export class ServerLinks {
  readonly #options: ServerLinksOptions;
  readonly #throttle: LogThrottle;
  /** By id: the other servers that this server knows, with their newest addresses. */
  readonly #known = new Map<string, ServerAddress>();
  readonly #links = new Map<string, Link>();
  /** The ids of the servers that a loop keeps a link to. */
  readonly #kept = new Set<string>();
  readonly #attempts = new Map<string, Promise<Joined>>();
  readonly #listeners: (() => void)[] = [];
  readonly #stopping = new AbortController();

  constructor(options: ServerLinksOptions) {
    this.#options = options;
    this.#throttle = new LogThrottle(options.clock);
    for (const server of options.known) this.#known.set(server.id, server);
  }

  /** The other servers to which this server has a link. */
  get linked(): readonly ServerAddress[] {
    return [...this.#known.values()].filter(({ id }) => this.#links.has(id));
  }

  /** All other servers that this server knows. */
  get known(): readonly ServerAddress[] {
    return [...this.#known.values()];
  }

  /** Milliseconds since a server was last heard; undefined without a link to it. */
  silentMs(id: string): number | undefined {
    return this.#links.get(id)?.silentMs;
  }

  /** Calls `listener` after each change of `linked`. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  start(): void {
    for (const { id } of this.#known.values()) this.#keep(id);
    for (const address of this.#options.addresses) void this.#join(address);
  }

  /** Dials no server any more. The links that exist stay until `stop`. */
  stopDialling(): void {
    this.#stopping.abort();
  }

  /**
   * Tells all linked servers that this one has left the cluster. Resolves when each has taken that up, or after `leaveMsMax`.
   * @throws OperatingError unavailable "leave-unheard" if none has taken it up
   */
  async leave(): Promise<void> {
    let isHeard = false;
    const telling = [...this.#links.values()].map((link) =>
      link.call({ kind: "leave", head: null }).then(
        () => (isHeard = true),
        () => {},
      ),
    );
    await Promise.race([Promise.all(telling), sleep(this.#options.clock, leaveMsMax)]);
    if (!isHeard)
      throw new OperatingError("unavailable", "leave-unheard", "no other server has taken up the departure");
  }

  stop(): void {
    this.stopDialling();
    for (const link of this.#links.values()) link.close("the server stops");
  }

  /**
   * Sends a call to a server.
   * @throws OperatingError as the server's handler; unavailable "link-lost" when there is no link, or it is lost before the answer
   */
  call(id: string, call: Call, signal?: AbortSignal): Promise<Answer> {
    const link = this.#links.get(id);
    if (link) return link.call(call, signal);
    const name = this.#known.get(id)?.name ?? id;
    return Promise.reject(new OperatingError("unavailable", "link-lost", `no connection to the server ${name}`));
  }

  /** Sends a call to all linked servers, and waits for none of them. A server whose link is lost misses the call. */
  tellAll(call: Omit<Call, "body">): void {
    for (const link of this.#links.values()) link.call(call).catch(() => {});
  }

  /**
   * Joins the server at an address.
   * @throws OperatingError unavailable "join-failed" with Consul's text
   */
  async joinBy(address: string): Promise<void> {
    const place = this.#placeOf(address);
    const { server, link } = await this.#attempt(place).catch((error: unknown) => {
      throw joinFailed(place, error);
    });
    this.#adopt(server, link);
    this.learn([server]);
  }

  /** Takes up the list of a server, which has itself first. The address of a linked server is not taken from another one. */
  hear([own, ...others]: readonly ServerAddress[]): void {
    const unlinked = others.filter(({ id }) => !this.#links.has(id));
    this.learn(own ? [own, ...unlinked] : unlinked);
  }

  /** Learns of servers, or of new addresses of known ones. */
  learn(servers: readonly ServerAddress[]): void {
    const own = this.#options.own().id;
    let isNew = false;
    for (const server of servers) {
      if (server.id === own || JSON.stringify(this.#known.get(server.id)) === JSON.stringify(server)) continue;
      this.#known.set(server.id, server);
      this.#keep(server.id);
      isNew = true;
    }
    if (isNew) this.#spread();
  }

  /** Forgets a server that has left the cluster, and closes the link to it. */
  forget(id: string): void {
    if (!this.#known.delete(id)) return;
    this.#links.get(id)?.close("the server has left the cluster");
    this.#options.onServers(this.known);
  }

  /** Stores the list, and exchanges it with all linked servers. */
  #spread(): void {
    this.#options.onServers(this.known);
    for (const link of this.#links.values()) void this.#exchange(link);
  }

  async #exchange(link: Link): Promise<void> {
    try {
      const { head } = await link.call({ kind: serversCall, head: [this.#options.own(), ...this.#known.values()] });
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server has proved that it belongs to this cluster
      this.hear(head as readonly ServerAddress[]);
    } catch {
      // The link is lost; the next one exchanges the lists again.
    }
  }

  /** Keeps a link to a known server until it is forgotten or this server stops. */
  #keep(id: string): void {
    if (this.#kept.has(id) || this.#stopping.signal.aborted) return;
    this.#kept.add(id);
    void this.#run(id).finally(() => this.#kept.delete(id));
  }

  async #run(id: string): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stopping;
    let pauseMs = 0;
    let wasLinked = false;
    while (!signal.aborted) {
      const known = this.#known.get(id);
      if (!known) return;
      if (this.#isOfAnother(known)) {
        await sleep(clock, pauseMsMax, signal);
        continue;
      }
      const startMs = clock.monotonicMs();
      try {
        if (!this.#links.has(id)) {
          const { server, link } = await this.#attempt({ host: known.address, port: known.port });
          if (!this.#known.has(id)) return link.close("the server has left the cluster");
          this.#adopt(server, link);
        }
        wasLinked = this.#links.has(id);
        await this.#unlinked(id);
      } catch (error) {
        this.#logFailure(error);
        // No program listens on the port of the other machine.
        const isRefused = codeOf(error) === "ECONNREFUSED";
        if (wasLinked && isRefused && !signal.aborted) this.#options.onGone(id);
        wasLinked = false;
      }
      // After a link that lasted, the server is tried at once. One that closes each link is tried less and less often.
      const hasLasted = wasLinked && clock.monotonicMs() - startMs >= pauseMsMax;
      pauseMs = hasLasted ? 0 : Math.min(Math.max(2 * pauseMs, pauseMsMin), pauseMsMax);
      await sleep(clock, pauseMs, signal);
    }
  }

  /** Returns whether another server has this address: this one, or a linked one, as after it has lost its data folder. */
  #isOfAnother({ id, address, port }: ServerAddress): boolean {
    const others = [this.#options.own(), ...this.linked].filter((each) => each.id !== id);
    return others.some((each) => each.address === address && each.port === port);
  }

  /** Tries an address until the server there is known and linked, and again after that server's link is lost. */
  async #join(address: string): Promise<void> {
    const { clock, intervalMs } = this.#options;
    const { signal } = this.#stopping;
    const place = this.#placeOf(address);
    // A first start of several servers at once takes longer for each second that they wait for each other.
    let pauseMs = pauseMsMin;
    let id: string | undefined;
    while (!signal.aborted) {
      try {
        id =
          [...this.#known.values()].find(({ address: host, port }) => host === place.host && port === place.port)?.id ??
          id;
        if (id !== undefined) await this.#unlinked(id);
        const { server, link } = await this.#attempt(place);
        ({ id } = server);
        this.#adopt(server, link);
        this.learn([server]);
        await this.#unlinked(server.id);
        pauseMs = pauseMsMin;
      } catch (error) {
        if (error instanceof OperatingError && error.code === ownAddressCode) return;
        this.#logFailure(error);
      }
      await sleep(clock, pauseMs, signal);
      pauseMs = Math.min(2 * pauseMs, pauseMsMax, intervalMs);
    }
  }

  /** Resolves when there is no link to the server. */
  async #unlinked(id: string): Promise<void> {
    for (let link = this.#links.get(id); link; link = this.#links.get(id)) await link.lost;
  }

  /** Takes a link in place of an earlier one to the same server, which that server closes now. */
  #adopt(server: ServerAddress, link: Link): void {
    const { log } = this.#options;
    if (this.#stopping.signal.aborted) return link.close("the server stops");
    const isFirst = !this.#links.has(server.id);
    this.#known.set(server.id, server);
    this.#links.set(server.id, link);
    if (isFirst)
      log.info("Connected to a server", { server: server.name, address: `${server.address}:${server.port}` });
    void link.lost.then((reason) => {
      if (this.#links.get(server.id) !== link) return;
      this.#links.delete(server.id);
      if (!this.#stopping.signal.aborted) log.warn("Lost the connection to a server", { server: server.name, reason });
      this.#notify();
    });
    this.#keep(server.id);
    void this.#exchange(link);
    this.#options.onServers(this.known);
    this.#options.onLinked(server.id);
    this.#notify();
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }

  /**
   * Connects to the server at a place and joins it. Attempts at one place at the same time are one.
   * @throws OperatingError naming the place and the reason
   */
  #attempt(place: Place): Promise<Joined> {
    const key = `${place.host} ${place.port}`;
    const underWay = this.#attempts.get(key) ?? this.#dial(place).finally(() => this.#attempts.delete(key));
    this.#attempts.set(key, underWay);
    return underWay;
  }

  async #dial({ host, port }: Place): Promise<Joined> {
    const { clock, dial, handler, joinRequest, key } = this.#options;
    let isLate = false;
    const dialling = dial({ host, port, key, clock, handler });
    void dialling.then(
      (link) => isLate && link.close("the server has answered too late"),
      () => {},
    );
    const late = sleep(clock, attemptMsMax, this.#stopping.signal).then(() => void (isLate = true));
    const link = await Promise.race([dialling, late]);
    if (!link) {
      const message = `cannot connect to the agent at ${host}:${port}: it does not answer`;
      throw new OperatingError("unavailable", "cannot-connect", message);
    }
    try {
      const { head } = await link.call({ kind: "join", head: joinRequest() });
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server has proved that it belongs to this cluster
      return { server: (head as ServerJoinAnswer).own, link };
    } catch (error) {
      link.close("the server refused this one");
      throw error;
    }
  }

  #placeOf(address: string): Place {
    return placeOf(address, this.#options.ports);
  }

  #logFailure(error: unknown): void {
    if (this.#stopping.signal.aborted) return;
    if (error instanceof OperatingError && error.code === givenUpCode) this.#options.onGivenUp();
    const reason = messageOf(error);
    this.#options.log[this.#throttle.isNew(reason) ? "warn" : "debug"]("Cannot join a server", { reason });
  }
}

/** The code of the refusal of a server that finds itself at an address. */
export const ownAddressCode = "own-address";

export function ownAddress(): OperatingError {
  return new OperatingError("conflict", "own-address", "the address is the server's own");
}
