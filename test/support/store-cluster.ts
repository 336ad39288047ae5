import type { Follower, Position, ReplicatedEngine, Term } from "../../src/engine/replicated-engine.ts";
import { type Clock, systemClock } from "../../src/lib/clock.ts";
import { OperatingError } from "../../src/lib/errors.ts";
import { createLog } from "../../src/lib/log.ts";
import type { ForwardedResult, ForwardedWrites } from "../../src/registry/forwarding.ts";
import { ReplicatedStore } from "../../src/registry/replicated-store.ts";
import { within } from "./within.ts";

/** A place of a replicated engine: a MemoryCluster, or an EtcdPlace. */
export interface StorePlace {
  /** Opens the engine of one server. */
  open(name: string): ReplicatedEngine | Promise<ReplicatedEngine>;
  /** Ends the current term although its leader has not closed it. */
  expire(): void | Promise<void>;
  /** Deletes all batches so far from the log. */
  compact(): void | Promise<void>;
  /** Releases the place, if it has anything to release. */
  remove?(): void;
}

interface StartOptions {
  /** Whether the server campaigns; default true. */
  readonly campaigns?: boolean;
  /** Whether the server follows the log from its start; default true. If not, it follows from `followNow`. */
  readonly follows?: boolean;
  readonly holdMs?: number;
  /** The clock of the server's store; default the system's. */
  readonly clock?: Clock;
}

interface Server {
  readonly store: ReplicatedStore;
  readonly engine: ReplicatedEngine;
  readonly stopping: AbortController;
  readonly running: Promise<void>;
}

const quiet = createLog({ level: "error", json: false, clock: systemClock, sink: () => {} }, "store");

/**
 * Several servers with a ReplicatedStore each, which share a MemoryCluster or a prefix of an etcd. Messages between them pass
 * through this class, which can lose the answers of the leader.
 */
export class StoreCluster {
  readonly #place: StorePlace;
  readonly #servers = new Map<string, Server>();
  #answersToLose = 0;
  readonly #held = new Map<string, (() => void)[]>();
  /** By the name of a server that does not follow the log yet: the functions that begin to. */
  readonly #unfollowed = new Map<string, (() => void)[]>();
  #failsQuestions = false;
  #electsNone = false;
  readonly #expiring = new Set<Promise<void>>();
  #commitGate: PromiseWithResolvers<void> | undefined;
  /**
   * Carries a follower's message to the leader: `deliver` hands the message over, and resolves with the leader's answer. A test
   * replaces it to delay or lose messages.
   */
  carry: (deliver: () => Promise<readonly ForwardedResult[]>) => Promise<readonly ForwardedResult[]> = (deliver) =>
    deliver();
  /** Carries a follower's question for the newest position to the leader, as `carry` does with messages. */
  ask: (deliver: () => Promise<Position>) => Promise<Position> = (deliver) => deliver();
  /** The number of requests for the leader's newest position that followers have sent. */
  questions = 0;

  constructor(place: StorePlace) {
    this.#place = place;
  }

  async start(
    name: string,
    { campaigns = true, follows = true, holdMs = 60_000, clock = systemClock }: StartOptions = {},
  ): Promise<ReplicatedStore> {
    const opened = await this.#place.open(name);
    if (!follows) this.#unfollowed.set(name, []);
    const engine = this.#limited(opened, name, campaigns);
    const store = new ReplicatedStore({
      ...{ engine, server: name, start: crypto.randomUUID(), firstIndex: 6, holdMs, clock, log: quiet },
      leaderCalls: {
        forward: (leader, writes) => this.#forward(leader, writes),
        newest: (leader) => this.#newest(leader),
      },
    });
    const stopping = new AbortController();
    this.#servers.set(name, { store, engine: opened, stopping, running: store.run(stopping.signal) });
    await store.reaches(0);
    return store;
  }

  /** Lets a server that was started without follow the log from the position that it has loaded. */
  followNow(name: string): void {
    const begins = this.#unfollowed.get(name) ?? this.never();
    this.#unfollowed.delete(name);
    for (const begin of begins) begin();
  }

  /** Resolves with the store of the leader, once a server leads. */
  leader(): Promise<ReplicatedStore> {
    return within(1_000, async () => {
      const found = [...this.#servers.values()].find(({ store }) => store.leads);
      if (!found) throw new Error("no server leads");
      return found.store;
    });
  }

  /** Ends the current term although its leader has not closed it. */
  expire(): Promise<void> {
    const expiring = Promise.resolve(this.#place.expire());
    this.#expiring.add(expiring);
    return expiring;
  }

  /** Ends the current term, and lets no server lead or answer a question for the newest position from now on. */
  async loseQuorum(): Promise<void> {
    this.#electsNone = true;
    this.failQuestions();
    await this.expire();
  }

  async compact(): Promise<void> {
    await this.#place.compact();
  }

  /** Drops the answers to the next `count` messages of followers, after the leader has done what the messages ask for. */
  loseAnswers(count: number): void {
    this.#answersToLose += count;
  }

  /** Lets every request to the engine for the newest position fail. */
  failQuestions(): void {
    this.#failsQuestions = true;
  }

  async close(): Promise<void> {
    await Promise.all(this.#expiring);
    for (const { stopping } of this.#servers.values()) stopping.abort();
    for (const { store, engine, running } of this.#servers.values()) {
      await store.close();
      await engine.close();
      await running;
    }
    this.#place.remove?.();
  }

  never(): never {
    throw new Error("the test names a server that it has not started");
  }

  /** Holds back the batches that a server receives, until `release`. */
  hold(name: string): void {
    this.#held.set(name, []);
  }

  release(name: string): void {
    const held = this.#held.get(name) ?? [];
    this.#held.delete(name);
    for (const receive of held) receive();
  }

  #limited(engine: ReplicatedEngine, name: string, campaigns: boolean): ReplicatedEngine {
    return {
      load: () => engine.load(),
      follow: (from, follower) => {
        let unfollow = (): void => {};
        const begin = (): void => void (unfollow = engine.follow(from, this.#holding(name, follower)));
        const unfollowed = this.#unfollowed.get(name);
        if (unfollowed) unfollowed.push(begin);
        else begin();
        return () => unfollow();
      },
      newest: async () => {
        if (this.#failsQuestions) throw new OperatingError("unavailable", "test", "a test lets the question fail");
        return engine.newest();
      },
      campaign: async (signal) =>
        campaigns && !this.#electsNone
          ? this.#delayed(await engine.campaign(signal))
          : new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
      get leader() {
        return engine.leader;
      },
      onLeader: (listener) => engine.onLeader(listener),
      depose: (term) => engine.depose(term),
      close: () => engine.close(),
    };
  }

  #holding(name: string, follower: Follower): Follower {
    return {
      batch: (batch, position) => {
        const receive = (): void => follower.batch(batch, position);
        const held = this.#held.get(name);
        if (held) held.push(receive);
        else receive();
      },
      reload: () => follower.reload(),
    };
  }

  /** Delays every commit from now on until `releaseCommits`. */
  holdCommits(): void {
    this.#commitGate = Promise.withResolvers();
  }

  releaseCommits(): void {
    this.#commitGate?.resolve();
    this.#commitGate = undefined;
  }

  #delayed(term: Term): Term {
    return {
      number: term.number,
      ended: term.ended,
      confirmedMs: () => term.confirmedMs(),
      commit: async (batch) => {
        await this.#commitGate?.promise;
        await term.commit(batch);
      },
      ping: () => term.ping(),
      close: () => term.close(),
    };
  }

  async #forward(leader: string, writes: ForwardedWrites): Promise<readonly ForwardedResult[]> {
    const results = await this.carry(() => this.#leading(leader).takeForwarded(writes));
    if (this.#answersToLose === 0) return results;
    this.#answersToLose -= 1;
    throw linkLost();
  }

  async #newest(leader: string): Promise<Position> {
    this.questions += 1;
    return this.ask(() => this.#leading(leader).newest());
  }

  #leading(name: string): ReplicatedStore {
    return this.#servers.get(name)?.store ?? this.never();
  }
}

/** Returns the error with which a message fails when the link to the leader is lost. */
export function linkLost(): OperatingError {
  return new OperatingError("unavailable", "link-lost", "a test lost the link");
}
