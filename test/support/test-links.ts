import type { ServerAddress } from "../../src/cluster/join-call.ts";
import type { ServerLinks } from "../../src/cluster/formation/server-links.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { dial } from "../../src/link/connect.ts";
import type { Handler, Link } from "../../src/link/link.ts";

const pauseMs = 50;

/** Answers a call of another server. */
type Answering = (head: unknown, from: ServerAddress) => Promise<unknown>;

/**
 * Links between the servers of a test: each dials the ports that it knows until there is a link, and both ends say who they are.
 */
export class TestLinks implements ServerLinks {
  readonly #own: () => ServerAddress;
  readonly #answer: Answering;
  readonly #ports: () => readonly number[];
  readonly #links = new Map<Link, ServerAddress>();
  readonly #listeners: (() => void)[] = [];
  readonly #dialling = new Set<number>();
  #isStopped = false;

  /** @param ports of the other servers, as far as this one knows them now */
  constructor(own: () => ServerAddress, ports: () => readonly number[], answer: Answering) {
    this.#own = own;
    this.#ports = ports;
    this.#answer = answer;
  }

  /** Answers the calls that come over links which other servers have made, and over those of this one. */
  readonly handler: Handler = async ({ kind, head }, link) => {
    if (kind === "introduce") {
      this.#add(link, asServer(head));
      return { head: this.#own() };
    }
    const from = this.#links.get(link);
    if (!from) throw new Error("the other server has not introduced itself");
    return { head: (await this.#answer(head, from)) ?? null };
  };

  get linked(): readonly ServerAddress[] {
    return [...new Map([...this.#links.values()].map((each) => [each.id, each])).values()];
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async call(id: string, call: { kind: string; head: unknown }, signal?: AbortSignal): Promise<{ head: unknown }> {
    const [link] = [...this.#links].findLast(([, server]) => server.id === id) ?? [];
    if (!link) throw new Error(`there is no link to ${id}`);
    return link.call(call, signal);
  }

  start(): void {
    void this.#run();
  }

  stop(): void {
    this.#isStopped = true;
    for (const link of this.#links.keys()) link.close();
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const linked = new Set(this.linked.map(({ port }) => port));
      for (const port of this.#ports()) if (!linked.has(port) && port !== this.#own().port) void this.#dial(port);
      await Bun.sleep(pauseMs);
    }
  }

  async #dial(port: number): Promise<void> {
    if (this.#dialling.has(port)) return;
    this.#dialling.add(port);
    try {
      const { handler } = this;
      const link = await dial({ host: "127.0.0.1", port, key: undefined, clock: systemClock, handler });
      if (this.#isStopped) return link.close();
      const { head } = await link.call({ kind: "introduce", head: this.#own() });
      this.#add(link, asServer(head));
    } catch {
      // The other server does not run yet, and is dialled again.
    } finally {
      this.#dialling.delete(port);
    }
  }

  #add(link: Link, server: ServerAddress): void {
    if (this.#isStopped) return link.close();
    this.#links.set(link, server);
    void link.lost.then(() => {
      this.#links.delete(link);
      this.#changed();
    });
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function asServer(head: unknown): ServerAddress {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the other end is a server of the same test
  return head as ServerAddress;
}
