import type { Clock } from "../../lib/clock.ts";
import type { ServerAddress } from "../join-call.ts";
import type { OwnEtcd } from "../own-etcd/own-etcd.ts";
import type { KnownServer, SavedFormation } from "./saved-formation.ts";
import type { ServerLinks } from "./server-links.ts";

interface KnownServersOptions {
  readonly own: ServerAddress;
  readonly saved: SavedFormation;
  readonly links: ServerLinks;
  readonly etcd: Pick<OwnEtcd, "reach" | "forget">;
  readonly clock: Clock;
}

/**
 * The addresses of the servers. Only these records have addresses; the data of etcd names servers by their node ids. So all
 * servers can get new addresses at once, as long as each finds one that knows the others.
 */
export class KnownServers {
  readonly #options: KnownServersOptions;
  /** By node id: when this server last had a link to it, in monotonic milliseconds; Infinity while it has one. */
  readonly #seenMs = new Map<string, number>();
  readonly #openedMs: number;

  constructor(options: KnownServersOptions) {
    this.#options = options;
    this.#openedMs = options.clock.monotonicMs();
    for (const server of this.all) this.#reach(server);
  }

  get own(): KnownServer {
    const { own, saved } = this.#options;
    const { id, name, address, port } = own;
    return { id, name, address, port, start: saved.state.start };
  }

  get all(): readonly KnownServer[] {
    return this.#options.saved.state.known;
  }

  get(id: string): KnownServer | undefined {
    return id === this.own.id ? this.own : this.all.find((each) => each.id === id);
  }

  isLinked(id: string): boolean {
    return this.#options.links.linked.some((each) => each.id === id);
  }

  /** Returns whether the server runs, as far as this server can see. */
  isAlive(id: string): boolean {
    return id === this.own.id || this.isLinked(id);
  }

  /** Returns for how many milliseconds this server has had no link to the other; at most since its own start. */
  absentMs(id: string): number {
    if (this.isAlive(id)) return 0;
    return this.#options.clock.monotonicMs() - (this.#seenMs.get(id) ?? this.#openedMs);
  }

  /** Takes up a change of the links. */
  async look(): Promise<void> {
    const { links, clock } = this.#options;
    const linked = new Set(links.linked.map(({ id }) => id));
    for (const [id, seenMs] of this.#seenMs)
      if (seenMs === Infinity && !linked.has(id)) this.#seenMs.set(id, clock.monotonicMs());
    for (const id of linked) this.#seenMs.set(id, Infinity);
    // A server that has just linked may not have said its number yet. Any record of its own is better than this one.
    const unknown = links.linked.filter(({ id }) => this.get(id) === undefined);
    await this.learn(unknown.map(({ id, name, address, port }) => ({ id, name, address, port, start: 0 })));
  }

  /** Takes up records of other servers, and says to etcd where they are. */
  async learn(records: readonly KnownServer[]): Promise<void> {
    const newer = records.filter((record) => this.#isNewer(record));
    if (newer.length === 0) return;
    await this.#options.saved.change((state) => {
      const { own } = this;
      const known = new Map(state.known.map((each) => [each.id, each]));
      let { start } = state;
      for (const { id, name, address, port, start: theirs } of newer) {
        if (id === own.id) start = Math.max(start, theirs + 1);
        else if (theirs > (known.get(id)?.start ?? -1)) known.set(id, { id, name, address, port, start: theirs });
      }
      return { ...state, start, known: [...known.values()] };
    });
    for (const { id } of newer) {
      const server = this.get(id);
      if (server && id !== this.own.id) this.#reach(server);
    }
  }

  /** Forgets a server that is no member and has no link. */
  async forget(id: string): Promise<void> {
    this.#options.etcd.forget(id);
    this.#seenMs.delete(id);
    await this.#options.saved.change((state) => ({ ...state, known: state.known.filter((each) => each.id !== id) }));
  }

  #isNewer(record: KnownServer): boolean {
    const { own } = this;
    if (record.id !== own.id) return record.start > (this.get(record.id)?.start ?? -1);
    // This server has lost its rows, and counts its starts from 1 again: the others would believe its old address.
    return record.start >= own.start && (record.address !== own.address || record.port !== own.port);
  }

  #reach({ id, address, port }: KnownServer): void {
    this.#options.etcd.reach(id, { host: address, port });
  }
}
