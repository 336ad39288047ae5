/**
 * Returns whether a value has a certain form. Rows of a snapshot come from outside and are checked as strictly as a
 * client's requests: a row that the state machine would not have written would stop the agent later, and again at every
 * start.
 */
export type Shape = (value: unknown) => boolean;

export const text: Shape = (value) => typeof value === "string" && value.isWellFormed();
export const number: Shape = (value) => typeof value === "number";
export const boolean: Shape = (value) => typeof value === "boolean";
const index: Shape = (value) => Number.isSafeInteger(value) && Number(value) >= 0;

/** The fields of every row that has indexes. */
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
  return (value) => isObject(value) && Object.values(value).every(shape);
}

/** Returns a shape that requires these fields and ignores others, which the state machine does not read. */
export function record(fields: Readonly<Record<string, Shape>>): Shape {
  const shapes = Object.entries(fields);
  return (value) => isObject(value) && shapes.every(([name, shape]) => shape(value[name]));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
