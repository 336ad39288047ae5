import { startingCoordinate, type NodeCoordinate } from "../../src/model/coordinate.ts";

/** Returns a node's network coordinate that is `seconds` from the origin on the first axis and has height 0. */
export function nodeAt(node: string, seconds: number, segment = ""): NodeCoordinate {
  const vector = startingCoordinate.vector.map((_, axis) => (axis === 0 ? seconds : 0));
  return { node, segment, coordinate: { ...startingCoordinate, vector, height: 0 } };
}
