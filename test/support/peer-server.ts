import type { Clock } from "../../src/lib/clock.ts";
import type { ServerAddress } from "../../src/cluster/join-call.ts";
import { serversCall } from "../../src/cluster/server-links.ts";
import type { DialOptions } from "../../src/link/connect.ts";
import type { Answer, Link } from "../../src/link/link.ts";
import { connectLinks } from "./link-pair.ts";
import { settle } from "./settle.ts";

export function serverOf(name: string, address = `host-${name}`): ServerAddress {
  return { id: `${name}-id`, name, address, port: 8300 };
}

/** Lets calls and their answers arrive: a link writes in the next turn of the event loop. */
export async function letGoOn(): Promise<void> {
  for (let turns = 0; turns < 8; turns += 1) await settle();
}

/** A server that other servers reach at its hosts. */
export class PeerServer {
  own: ServerAddress;
  hosts: string[];
  /** The links that it has accepted and that are not lost, by the id of the other server. */
  readonly links: Map<string, Link> = new Map();
  readonly received: string[] = [];
  servers: ServerAddress[] = [];
  /** Answers the calls beside "join" and the exchange of the lists. */
  answer: (kind: string) => Promise<Answer> = async () => ({ head: null });
  refusal: Error | undefined;
  closesEachLink = false;
  isUp = true;

  readonly #clock: Clock;

  constructor(name: string, clock: Clock) {
    this.#clock = clock;
    this.own = serverOf(name);
    this.hosts = [this.own.address];
  }

  move(host: string): void {
    this.hosts = [host];
    this.own = { ...this.own, address: host };
  }

  accept({ handler }: Pick<DialOptions, "handler">): Link {
    const { dialled: link, accepted } = connectLinks({
      clock: this.#clock,
      diallerHandler: handler,
      handler: async ({ kind, head }) => {
        this.received.push(kind);
        if (kind === serversCall) return { head: [this.own, ...this.servers] };
        if (kind !== "join") return this.answer(kind);
        if (this.refusal) throw this.refusal;
        this.#take(String((head as { id: unknown }).id), accepted);
        return { head: { servers: [], own: this.own } };
      },
    });
    return link;
  }

  /** As LinkedAgents does, keeps the newest link of an agent and closes the one before. */
  #take(id: string, link: Link): void {
    const before = this.links.get(id);
    this.links.set(id, link);
    before?.close("the agent has connected again");
    if (this.closesEachLink) queueMicrotask(() => queueMicrotask(() => link.close("no")));
  }

  /** Loses its links, and refuses others. */
  end(): void {
    this.isUp = false;
    for (const link of this.links.values()) link.close("the process has ended");
    this.links.clear();
  }
}
