import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import { LogThrottle } from "../../lib/log-throttle.ts";
import type { Hello } from "./formation-call.ts";
import type { KnownServers } from "./known-servers.ts";
import type { SavedFormation } from "./saved-formation.ts";
import type { Asking, ServerLinks } from "./server-links.ts";

interface GreetingsOptions {
  readonly saved: SavedFormation;
  readonly servers: KnownServers;
  readonly links: ServerLinks;
  readonly asking: Asking;
  readonly clock: Clock;
  readonly log: Log;
}

const answerMsMax = 2_000;

/** Says hello to the linked servers: each learns what the other is, and the addresses that the other knows. */
export class Greetings {
  readonly #options: GreetingsOptions;
  readonly #throttle: LogThrottle;
  #saidMs = -Infinity;
  /** To whom this server said hello last, and what it said. */
  #said = "";

  constructor(options: GreetingsOptions) {
    this.#options = options;
    this.#throttle = new LogThrottle(options.clock);
  }

  /** Returns whether the links or this server's record have changed, or the last greeting is `ms` ago. */
  isDue(ms: number): boolean {
    return this.#saidMs + ms <= this.#options.clock.monotonicMs() || this.#said !== this.#toSay();
  }

  /** Returns the answers by node id. */
  async greet(): Promise<ReadonlyMap<string, Hello>> {
    const { links, servers, asking, clock } = this.#options;
    this.#saidMs = clock.monotonicMs();
    this.#said = this.#toSay();
    const { own, all } = servers;
    const seen = new Map<string, Hello>();
    await Promise.all(
      links.linked.map(async ({ id }) => {
        const hello = await asking.tryAsk<"hello">(id, { ask: "hello", own, known: all }, answerMsMax);
        if (hello) seen.set(id, hello);
      }),
    );
    await servers.learn([...seen.values()].flatMap((hello) => [hello.own, ...hello.known]));
    this.#noteOtherClusters(seen);
    return seen;
  }

  #toSay(): string {
    const { links, servers } = this.#options;
    return JSON.stringify([links.linked.map(({ id }) => id), servers.own]);
  }

  #noteOtherClusters(seen: ReadonlyMap<string, Hello>): void {
    const token = this.#options.saved.state.membership?.token;
    if (token === undefined) return;
    for (const { own, token: theirs } of seen.values()) {
      if (theirs === null || theirs === token || !this.#throttle.isNew(own.id)) continue;
      const fields = { name: own.name, address: own.address, cluster: theirs, own: token };
      this.#options.log.error(
        "A linked server belongs to another cluster: give each cluster its own -encrypt key",
        fields,
      );
    }
  }
}
