import { nodeDistance } from "../model/coordinate.ts";
import { topics } from "../state/topics.ts";
import type { Coordinates } from "./coordinates.ts";
import type { Query } from "./query.ts";

/** A node, or a row that is of one: a check, a service, an instance with its node. */
export type OfNode = { readonly node: string | { readonly name: string } } | { readonly name: string };

/** Puts rows in order of how far their nodes are. */
export class Nearness {
  readonly #coordinates: Coordinates;

  constructor(coordinates: Coordinates) {
    this.#coordinates = coordinates;
  }

  /**
   * Those first that are nearest to the node `from`. Rows of equally distant nodes stay in their order, and so do those
   * of nodes without coordinates, at the end. From a node without coordinates all stays as it is.
   */
  nearestFirst<T extends OfNode>(rows: readonly T[], from: string): readonly T[] {
    const here = this.#coordinates.ofNode(from);
    if (here.length === 0) return rows;
    return rows
      .map((row) => ({ row, far: nodeDistance(here, this.#coordinates.ofNode(nodeNameOf(row))) }))
      .toSorted((left, right) => compare(left.far, right.far))
      .map(({ row }) => row);
  }

  /** The same query, its rows so ordered. Consul: nobody who waits is woken because a node has moved. */
  order<T extends OfNode>(query: Query<readonly T[]>, from: string): Query<readonly T[]> {
    return {
      topics: [...query.topics, topics.distances],
      read: (state) => this.nearestFirst(query.read(state), from),
    };
  }
}

function nodeNameOf(row: OfNode): string {
  if (!("node" in row)) return row.name;
  return typeof row.node === "string" ? row.node : row.node.name;
}

/** Not by difference: that of two infinite distances is no number. */
function compare(left: number, right: number): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
