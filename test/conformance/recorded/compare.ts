import type { Exchange, Json } from "./recording.ts";

/** One field that differs between two answers to one request. */
export interface Divergence {
  /** The field, in the form `body[0].Flags` or `headers.Allow`. */
  readonly at: string;
  /** The field's value in the expected answer, and in the answer under test (`got`); undefined if the field is missing. */
  readonly wanted: Json | undefined;
  readonly got: Json | undefined;
}

/**
 * Returns the fields in which two answers differ. A different order of an object's fields is a difference too, except
 * in headers.
 */
export function compareAnswers(wanted: Exchange, got: Exchange): readonly Divergence[] {
  return (["status", "headers", "body", "layout"] as const).flatMap((part) =>
    compare(wanted[part], got[part], { at: part, isOrdered: part !== "headers" }),
  );
}

interface Place {
  readonly at: string;
  readonly isOrdered: boolean;
}

type Value = Json | undefined;

function compare(wanted: Value, got: Value, place: Place): readonly Divergence[] {
  if (Array.isArray(wanted) && Array.isArray(got)) return compareLists(wanted, got, place);
  if (isObject(wanted) && isObject(got)) return compareObjects(wanted, got, place);
  return Object.is(wanted, got) ? [] : [{ at: place.at, wanted, got }];
}

function compareLists(wanted: readonly Json[], got: readonly Json[], place: Place): readonly Divergence[] {
  const length = Math.max(wanted.length, got.length);
  return Array.from({ length }, (_, at) => compare(wanted[at], got[at], { ...place, at: `${place.at}[${at}]` })).flat();
}

type JsonObject = { readonly [field: string]: Json };

function compareObjects(wanted: JsonObject, got: JsonObject, place: Place): readonly Divergence[] {
  const names = Object.keys({ ...wanted, ...got });
  const inside = names.flatMap((name) => compare(wanted[name], got[name], { ...place, at: `${place.at}.${name}` }));
  return inside.length > 0 || !place.isOrdered ? inside : compareOrder(wanted, got, place.at);
}

function compareOrder(wanted: JsonObject, got: JsonObject, at: string): readonly Divergence[] {
  const [first, second] = [Object.keys(wanted), Object.keys(got)];
  return first.join() === second.join() ? [] : [{ at: `${at}, order of fields`, wanted: first, got: second }];
}

function isObject(value: Value): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Formats the differences between two answers: the request, and below it each field with both values. */
export function describeDivergences(
  { request, sent }: Exchange,
  found: readonly Divergence[],
  [one, other]: readonly [one: string, other: string],
): string {
  const width = Math.max(one.length, other.length) + 2;
  const lines = found.flatMap(({ at, wanted, got }) => [
    `  ${at}`,
    `    ${one.padEnd(width)}${shown(wanted)}`,
    `    ${other.padEnd(width)}${shown(got)}`,
  ]);
  return [sent === undefined ? request : `${request}  ${shown(sent)}`, ...lines].join("\n");
}

function shown(value: Value): string {
  return value === undefined ? "(not there)" : JSON.stringify(value);
}
