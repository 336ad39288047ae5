/**
 * Where a node is in the network, as Vivaldi has it (Dabek et al., 2004): a point in a space of eight dimensions in
 * which distance is round-trip time. All in seconds but the error.
 */
export interface Coordinate {
  readonly vector: readonly number[];
  /** How little the point can be relied on; no unit. */
  readonly error: number;
  /** What the distances of this node have lately been off by, on its own account. */
  readonly adjustment: number;
  /** The way from the node to the network that the vector is a place in: each distance has it, whatever the direction. */
  readonly height: number;
}

/** Consul: a node has one in each network segment that it is in; "" is the one that all are in. */
export interface NodeCoordinate {
  readonly node: string;
  readonly segment: string;
  readonly coordinate: Coordinate;
}

export const coordinateDimensions = 8;

/** Where a node is before it has met another. */
export const startingCoordinate: Coordinate = {
  vector: Array.from({ length: coordinateDimensions }, () => 0),
  error: 1.5,
  adjustment: 0,
  height: 0.00001,
};

/** The round-trip time to expect between two places, in seconds. */
export function distance(from: Coordinate, to: Coordinate): number {
  const raw = Math.hypot(...from.vector.map((at, axis) => at - (to.vector[axis] ?? 0))) + from.height + to.height;
  const adjusted = raw + from.adjustment + to.adjustment;
  return adjusted > 0 ? adjusted : raw;
}

/** The same between two nodes; infinite where they have no segment in common, or one has no coordinate. */
export function nodeDistance(from: readonly NodeCoordinate[], to: readonly NodeCoordinate[]): number {
  const segment = commonSegment(from, to);
  const [here, there] = [coordinateIn(from, segment), coordinateIn(to, segment)];
  return here && there ? distance(here, there) : Infinity;
}

/** Consul: a node that is in one segment alone is a client there; servers are in all of them. */
function commonSegment(from: readonly NodeCoordinate[], to: readonly NodeCoordinate[]): string {
  const only = [to, from].find(({ length }) => length === 1);
  return only?.[0]?.segment ?? "";
}

function coordinateIn(coordinates: readonly NodeCoordinate[], segment: string): Coordinate | undefined {
  return coordinates.find((one) => one.segment === segment)?.coordinate;
}
