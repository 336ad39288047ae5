import type { Clock, Timer } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { OrderedMap } from "../lib/ordered-map.ts";
import { startingCoordinate, type NodeCoordinate } from "../model/coordinate.ts";
import { getNode } from "../state/lookup.ts";
import { rowKey } from "../state/row-key.ts";
import { nodeOfTopic, topics, type Topic } from "../state/topics.ts";
import { permissionDenied } from "./permissions.ts";
import type { Query } from "./query.ts";
import type { Registry } from "./registry.ts";

/** The time in milliseconds after which queued updates are applied together. Consul: the same period. */
const periodMs = 5_000;
/** Maximum number of updates in one period. Consul: five batches of 128 updates. */
const updatesMax = 5 * 128;

export interface CoordinatesOptions {
  /** The name of this agent's node. */
  readonly own: string;
  readonly areWanted: boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** Tells the other servers of a cluster the coordinates that clients have sent to this one. */
  readonly tell?: ((rows: readonly NodeCoordinate[]) => void) | undefined;
}

/**
 * The network coordinates of the nodes. They change all the time, so they are kept in memory only and are lost when the
 * agent ends: each node sends its coordinate again within a minute.
 *
 * Updates are applied together at the end of a period, so that watchers wake once; a later update of a node replaces an
 * earlier one. An update for a node that is not in the catalog at that time is dropped, and a node that leaves the catalog
 * loses its coordinates. This agent's node has the default coordinate as soon as the agent starts, or none if `areWanted` is
 * false (disable_coordinates), and it never loses its coordinates.
 */
export class Coordinates {
  readonly #store: Registry;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #own: string;
  readonly #tell: CoordinatesOptions["tell"];
  readonly areWanted: boolean;
  /** All coordinates, in order of node and segment. */
  #rows: OrderedMap<NodeCoordinate> = OrderedMap.empty();
  #pending = new Map<string, NodeCoordinate>();
  #discarded = 0;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(store: Registry, options: CoordinatesOptions) {
    this.#store = store;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#own = rowKey(options.own);
    this.#tell = options.tell;
    this.areWanted = options.areWanted;
    if (options.areWanted) this.#put([{ node: options.own, segment: "", coordinate: startingCoordinate }]);
    store.follow((touched) => this.#follow(touched));
  }

  /** Queues an update until the end of the period. */
  update(update: NodeCoordinate): void {
    if (this.#stopped) return;
    const key = keyOf(update);
    if (this.#pending.size >= updatesMax && !this.#pending.has(key)) this.#discarded += 1;
    else this.#pending.set(key, update);
    this.#timer ??= this.#clock.schedule(periodMs, () => this.#applyPending());
  }

  /** Returns all coordinates, in order of node and segment. */
  list(): NodeCoordinate[] {
    return [...this.#rows.values()];
  }

  /** Returns the node's coordinates: one for each network segment that the node is in. */
  ofNode(name: string): NodeCoordinate[] {
    return [...this.#rows.startingWith(rowKey(name))].map(([, row]) => row);
  }

  /** Drops the queued updates and ignores later ones. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #applyPending(): void {
    const { state } = this.#store;
    if (this.#discarded > 0) this.#log.warn("Discarded coordinate updates", { number_discarded: this.#discarded });
    const known = [...this.#pending.values()].filter(({ node }) => getNode(state, node) !== undefined);
    this.#pending = new Map();
    this.#discarded = 0;
    this.#timer = undefined;
    if (known.length === 0) return;
    this.#put(known);
    this.#tell?.(known);
  }

  /** Takes over coordinates from another server. This server's own node keeps its own. */
  receive(rows: readonly NodeCoordinate[]): void {
    const others = rows.filter(({ node }) => rowKey(node) !== this.#own);
    if (others.length > 0 && !this.#stopped) this.#put(others);
  }

  /** Deletes the coordinates of nodes that a commit has removed from the catalog. */
  #follow(touched: ReadonlySet<Topic>): void {
    const gone = touched.has(topics.everything)
      ? this.list().filter(({ node }) => this.#isGone(node))
      : this.#goneOf(touched);
    if (gone.length === 0) return;
    const edit = this.#rows.edit();
    for (const row of gone) edit.delete(keyOf(row));
    this.#replace(edit.finish());
  }

  #goneOf(touched: ReadonlySet<Topic>): NodeCoordinate[] {
    const gone: NodeCoordinate[] = [];
    // This loop runs on each commit. Nearly all commits touch no node, and for them the loop allocates nothing.
    for (const topic of touched) {
      const name = nodeOfTopic(topic);
      if (name !== undefined && this.#isGone(name)) gone.push(...this.ofNode(name));
    }
    return gone;
  }

  #isGone(name: string): boolean {
    return rowKey(name) !== this.#own && getNode(this.#store.state, name) === undefined;
  }

  #put(rows: readonly NodeCoordinate[]): void {
    const edit = this.#rows.edit();
    for (const row of rows) edit.set(keyOf(row), row);
    this.#replace(edit.finish());
  }

  #replace(rows: OrderedMap<NodeCoordinate>): void {
    this.#rows = rows;
    this.#store.touch(topics.coordinates);
  }
}

function keyOf({ node, segment }: NodeCoordinate): string {
  return rowKey(node, segment);
}

/** Returns the query for all coordinates, or for those in `segment` if the caller passes one. */
export function coordinateList(
  coordinates: Coordinates,
  segment: string | undefined,
): Query<readonly NodeCoordinate[]> {
  const read = (): readonly NodeCoordinate[] => inSegment(coordinates.list(), segment);
  return {
    topics: [topics.coordinates],
    read,
    readAs: (_state, rights) => read().filter(({ node }) => rights.may("node", "read", node)),
  };
}

export function nodeCoordinates(
  coordinates: Coordinates,
  node: string,
  segment: string | undefined,
): Query<readonly NodeCoordinate[]> {
  // Consul: the answer has the node's name in the letter case of the request.
  const read = (): readonly NodeCoordinate[] =>
    inSegment(coordinates.ofNode(node), segment).map((row) => ({ ...row, node }));
  return {
    topics: [topics.coordinates],
    read,
    readAs(_state, rights) {
      if (!rights.may("node", "read", node)) throw permissionDenied();
      return read();
    },
  };
}

function inSegment(rows: readonly NodeCoordinate[], segment: string | undefined): readonly NodeCoordinate[] {
  return segment === undefined ? rows : rows.filter((row) => row.segment === segment);
}
