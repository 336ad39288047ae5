import type { Clock, Timer } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { OrderedMap } from "../lib/ordered-map.ts";
import { startingCoordinate, type NodeCoordinate } from "../model/coordinate.ts";
import { getNode } from "../state/lookup.ts";
import { rowKey } from "../state/row-key.ts";
import { nodeOfTopic, topics, type Topic } from "../state/topics.ts";
import type { Query } from "./query.ts";
import type { Registry } from "./registry.ts";

/** Consul: what comes in is taken up in batches. */
const periodMs = 5_000;
/** Consul: five batches of 128 at a time, and no more. */
const updatesMax = 5 * 128;

export interface CoordinatesOptions {
  /** The node of this agent. */
  readonly own: string;
  readonly areWanted: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Where the nodes are. They move all the time, so this is kept in memory only and is gone when the agent ends: each node
 * tells its place again within the minute.
 *
 * Updates wait for the end of the period, the later one of a node replacing the earlier, and are then taken up together:
 * whoever waits is woken once. A node that is not in the catalog at that time has no place, and one that leaves the
 * catalog loses it. This agent's own node is where it says to be from the start, and stays.
 * Where they are not wanted, no node has a place.
 */
export class Coordinates {
  readonly #store: Registry;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #own: string;
  readonly areWanted: boolean;
  /** By node and segment. */
  #placed: OrderedMap<NodeCoordinate> = OrderedMap.empty();
  #pending = new Map<string, NodeCoordinate>();
  #discarded = 0;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(store: Registry, options: CoordinatesOptions) {
    this.#store = store;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#own = rowKey(options.own);
    this.areWanted = options.areWanted;
    if (options.areWanted) this.#place([{ node: options.own, segment: "", coordinate: startingCoordinate }]);
    store.follow((touched) => this.#follow(touched));
  }

  /** Takes the update up at the end of the period. */
  update(update: NodeCoordinate): void {
    if (this.#stopped) return;
    const key = keyOf(update);
    if (this.#pending.size >= updatesMax && !this.#pending.has(key)) this.#discarded += 1;
    else this.#pending.set(key, update);
    this.#timer ??= this.#clock.schedule(periodMs, () => this.#takeUp());
  }

  /** In order of node and segment. */
  list(): NodeCoordinate[] {
    return [...this.#placed.values()];
  }

  /** One for each segment that the node is in. */
  ofNode(name: string): NodeCoordinate[] {
    return [...this.#placed.startingWith(rowKey(name))].map(([, row]) => row);
  }

  /** Takes nothing up any more: not what waits, nor what comes while the agent ends. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #takeUp(): void {
    const { state } = this.#store;
    if (this.#discarded > 0) this.#log.warn("Discarded coordinate updates", { number_discarded: this.#discarded });
    const known = [...this.#pending.values()].filter(({ node }) => getNode(state, node) !== undefined);
    this.#pending = new Map();
    this.#discarded = 0;
    this.#timer = undefined;
    if (known.length > 0) this.#place(known);
  }

  /** Nodes came, changed or went: what has no node any more goes as well. */
  #follow(touched: ReadonlySet<Topic>): void {
    const gone = touched.has(topics.everything)
      ? this.list().filter(({ node }) => this.#isGone(node))
      : this.#goneOf(touched);
    if (gone.length === 0) return;
    const edit = this.#placed.edit();
    for (const row of gone) edit.delete(keyOf(row));
    this.#replace(edit.finish());
  }

  #goneOf(touched: ReadonlySet<Topic>): NodeCoordinate[] {
    const gone: NodeCoordinate[] = [];
    // Each commit comes by here, and nearly all of them touch no node: nothing is made for those.
    for (const topic of touched) {
      const name = nodeOfTopic(topic);
      if (name !== undefined && this.#isGone(name)) gone.push(...this.ofNode(name));
    }
    return gone;
  }

  #isGone(name: string): boolean {
    return rowKey(name) !== this.#own && getNode(this.#store.state, name) === undefined;
  }

  #place(rows: readonly NodeCoordinate[]): void {
    const edit = this.#placed.edit();
    for (const row of rows) edit.set(keyOf(row), row);
    this.#replace(edit.finish());
  }

  #replace(placed: OrderedMap<NodeCoordinate>): void {
    this.#placed = placed;
    this.#store.touch(topics.coordinates);
  }
}

function keyOf({ node, segment }: NodeCoordinate): string {
  return rowKey(node, segment);
}

/** With a segment, only what is in that one. */
export function coordinateList(
  coordinates: Coordinates,
  segment: string | undefined,
): Query<readonly NodeCoordinate[]> {
  return { topics: [topics.coordinates], read: () => inSegment(coordinates.list(), segment) };
}

export function nodeCoordinates(
  coordinates: Coordinates,
  node: string,
  segment: string | undefined,
): Query<readonly NodeCoordinate[]> {
  return {
    topics: [topics.coordinates],
    // Consul: the name is told as it was asked for.
    read: () => inSegment(coordinates.ofNode(node), segment).map((row) => ({ ...row, node })),
  };
}

function inSegment(rows: readonly NodeCoordinate[], segment: string | undefined): readonly NodeCoordinate[] {
  return segment === undefined ? rows : rows.filter((row) => row.segment === segment);
}
