/**
 * A node's network coordinate by Vivaldi (Dabek et al., 2004): a point in a space of eight dimensions in which distance
 * is round-trip time. All fields but the error are in seconds.
 */
export interface Coordinate {
  readonly vector: readonly number[];
  /** Estimated relative error of the point, a number without a unit. */
  readonly error: number;
  /** Mean recent difference between measured and estimated round-trip times of this node; added to its distances. */
  readonly adjustment: number;
  /** Delay of the node's access link, which is part of each of its distances. */
  readonly height: number;
}

/** The coordinate of a node in one network segment; "" is the default segment. Consul: a node has one in each of its segments. */
export interface NodeCoordinate {
  readonly node: string;
  readonly segment: string;
  readonly coordinate: Coordinate;
}

export const coordinateDimensions = 8;

/** The coordinate of a node that has measured no round-trip time yet. */
export const startingCoordinate: Coordinate = {
  vector: Array.from({ length: coordinateDimensions }, () => 0),
  error: 1.5,
  adjustment: 0,
  height: 0.00001,
};

/** Returns the estimated round-trip time between two coordinates, in seconds. */
export function distance(from: Coordinate, to: Coordinate): number {
  const raw = Math.hypot(...from.vector.map((at, axis) => at - (to.vector[axis] ?? 0))) + from.height + to.height;
  const adjusted = raw + from.adjustment + to.adjustment;
  return adjusted > 0 ? adjusted : raw;
}

/**
 * Returns the estimated round-trip time between two nodes, in seconds; Infinity if they have no coordinates in a common segment.
 */
export function nodeDistance(from: readonly NodeCoordinate[], to: readonly NodeCoordinate[]): number {
  const segment = commonSegment(from, to);
  const [here, there] = [coordinateIn(from, segment), coordinateIn(to, segment)];
  return here && there ? distance(here, there) : Infinity;
}

/** Returns the segment in which to compare two nodes. Consul: a client agent is in one segment, servers are in all. */
function commonSegment(from: readonly NodeCoordinate[], to: readonly NodeCoordinate[]): string {
  const only = [to, from].find(({ length }) => length === 1);
  return only?.[0]?.segment ?? "";
}

function coordinateIn(coordinates: readonly NodeCoordinate[], segment: string): Coordinate | undefined {
  return coordinates.find((one) => one.segment === segment)?.coordinate;
}
