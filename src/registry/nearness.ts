import { nodeDistance } from "../model/coordinate.ts";
import { topics } from "../state/topics.ts";
import type { Coordinates } from "./coordinates.ts";
import type { Query } from "./query.ts";

/** A node, or a row that belongs to one: a check, a service, an instance with its node. */
export type OfNode = { readonly node: string | { readonly name: string } } | { readonly name: string };

/** Sorts rows by the network distance of their nodes. */
export class Nearness {
  readonly #coordinates: Coordinates;

  constructor(coordinates: Coordinates) {
    this.#coordinates = coordinates;
  }

  /**
   * Returns the rows sorted by the distance of their nodes from the node `from`, nearest first. The sort is stable, and
   * rows of nodes without coordinates come last. If `from` has no coordinates, returns the rows unchanged.
   */
  nearestFirst<T extends OfNode>(rows: readonly T[], from: string): readonly T[] {
    const here = this.#coordinates.ofNode(from);
    if (here.length === 0) return rows;
    return rows
      .map((row) => ({ row, distance: nodeDistance(here, this.#coordinates.ofNode(nodeNameOf(row))) }))
      .toSorted((left, right) => compare(left.distance, right.distance))
      .map(({ row }) => row);
  }

  /**
   * Returns the query with its rows sorted by their distance from the node `from`. Consul: a changed coordinate wakes no blocking
   * query.
   */
  order<T extends OfNode>(query: Query<readonly T[]>, from: string): Query<readonly T[]> {
    const { readAs } = query;
    return {
      topics: [...query.topics, topics.distances],
      read: (state) => this.nearestFirst(query.read(state), from),
      ...(readAs && { readAs: (state, rights) => this.nearestFirst(readAs(state, rights), from) }),
    };
  }
}

function nodeNameOf(row: OfNode): string {
  if (!("node" in row)) return row.name;
  return typeof row.node === "string" ? row.node : row.node.name;
}

/** Compares two distances for a sort. It does not subtract, because the difference of two infinite distances is NaN. */
function compare(left: number, right: number): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
