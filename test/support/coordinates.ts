import { startingCoordinate, type NodeCoordinate } from "../../src/model/coordinate.ts";

/** A node on a line, so many seconds from its start, with height 0. */
export function nodeAt(node: string, seconds: number, segment = ""): NodeCoordinate {
  const vector = startingCoordinate.vector.map((_, axis) => (axis === 0 ? seconds : 0));
  return { node, segment, coordinate: { ...startingCoordinate, vector, height: 0 } };
}
