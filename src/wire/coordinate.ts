import type { Coordinate, NodeCoordinate } from "../model/coordinate.ts";
import { fieldNames, JsonFields } from "./json-fields.ts";

export interface CoordinateUpdate {
  readonly datacenter: string;
  readonly node: string;
  readonly segment: string;
  readonly coordinate: Coordinate | undefined;
}

/** Decodes the body of coordinate/update. @throws OperatingError invalid, code "decode" */
export function decodeCoordinateUpdate(json: unknown): CoordinateUpdate {
  const fields = new JsonFields(json, { names: updateNames, source: "api", where: "CoordinateUpdateRequest" });
  const coordinate = fields.entries("Coord", "coordinate.Coordinate");
  return {
    datacenter: fields.string("Datacenter"),
    node: fields.string("Node"),
    segment: fields.string("Segment"),
    coordinate: coordinate && decodeCoordinate(fields.raw("Coord")),
  };
}

function decodeCoordinate(json: unknown): Coordinate {
  const fields = new JsonFields(json, { names: coordinateNames, source: "api", where: "Coordinate.Coord" });
  return {
    vector: fields.list("Vec", "[]float64").map((value) => float(fields, "Vec", value)),
    error: float(fields, "Error", fields.raw("Error")),
    adjustment: float(fields, "Adjustment", fields.raw("Adjustment")),
    height: float(fields, "Height", fields.raw("Height")),
  };
}

const updateNames = fieldNames(["Datacenter", "Node", "Segment", "Coord", "Token"]);
const coordinateNames = fieldNames(["Vec", "Error", "Adjustment", "Height"]);

/** Decodes a float64. null and an absent field are 0; a number beyond the range of float64, such as 1e999, is an error. */
function float(fields: JsonFields, field: string, value: unknown): number {
  const number = typeof value === "bigint" ? Number(value) : (value ?? 0);
  if (typeof number !== "number" || !Number.isFinite(number)) throw fields.mismatch(field, value, "float64");
  return number;
}

export function encodeNodeCoordinate({ node, segment, coordinate }: NodeCoordinate): object {
  return { Node: node, Segment: segment, Coord: encodeCoordinate(coordinate) };
}

export function encodeCoordinate({ vector, error, adjustment, height }: Coordinate): object {
  return { Vec: vector, Error: error, Adjustment: adjustment, Height: height };
}
