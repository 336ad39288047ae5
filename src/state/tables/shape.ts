import { isRecord } from "../../lib/is-record.ts";
/**
 * Returns whether a value has a certain form. A client sends the rows of a snapshot, so they are checked as strictly as requests:
 * a row that the state machine would not have written could stop the agent later, and at every start after that.
 */
export type Shape = (value: unknown) => boolean;

export const text: Shape = (value) => typeof value === "string" && value.isWellFormed();
export const number: Shape = (value) => typeof value === "number";
export const boolean: Shape = (value) => typeof value === "boolean";
const index: Shape = (value) => Number.isSafeInteger(value) && Number(value) >= 0;

/** The shapes of the two index fields, which every row with indexes has. */
export const rowIndexes: Readonly<Record<"createIndex" | "modifyIndex", Shape>> = {
  createIndex: index,
  modifyIndex: index,
};

export function oneOf(values: readonly string[]): Shape {
  return (value) => typeof value === "string" && values.includes(value);
}

export function orNull(shape: Shape): Shape {
  return (value) => value === null || shape(value);
}

export function orAbsent(shape: Shape): Shape {
  return (value) => value === undefined || shape(value);
}

export function list(shape: Shape): Shape {
  return (value) => Array.isArray(value) && value.every(shape);
}

export function map(shape: Shape): Shape {
  return (value) => isRecord(value) && Object.values(value).every(shape);
}

/** Returns a shape that requires these fields and ignores others, which the state machine does not read. */
export function record(fields: Readonly<Record<string, Shape>>): Shape {
  const shapes = Object.entries(fields);
  return (value) => isRecord(value) && shapes.every(([name, shape]) => shape(value[name]));
}
