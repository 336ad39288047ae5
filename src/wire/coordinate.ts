import { fieldNames, JsonFields } from "./json-fields.ts";

const dimensions = 8;

/** Where a node is before it has met another. */
export const startingCoordinate: object = {
  Vec: Array.from({ length: dimensions }, () => 0),
  Error: 1.5,
  Adjustment: 0,
  Height: 0.00001,
};

/** Whether the body of coordinate/update has a coordinate of as many dimensions as Consul's. */
export function decodeCoordinateUpdate(json: unknown): boolean {
  const update = new JsonFields(json, { names: updateNames, source: "api", where: "CoordinateUpdateRequest" });
  const coordinate = update.raw("Coord");
  if (coordinate === undefined) return false;
  const fields = new JsonFields(coordinate, { names: coordinateNames, source: "api", where: "Coordinate" });
  return fields.list("Vec", "[]float64").length === dimensions;
}

const updateNames = fieldNames(["Datacenter", "Node", "Segment", "Coord", "Token"]);
const coordinateNames = fieldNames(["Vec", "Error", "Adjustment", "Height"]);
