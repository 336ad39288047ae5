import type { HclItem, HclPlace, HclValue } from "./syntax.ts";

const unknown: HclPlace = { line: 0, column: 0 };

/**
 * Rewrites the items of JSON as HCL would have them, as HashiCorp's parser does: an object whose values are all objects becomes
 * one item for each of them, with one more key; a list of objects becomes one item for each. Forgets all places.
 */
export function flattenJson(items: readonly HclItem[]): readonly HclItem[] {
  return items.flatMap(flattenItem);
}

function flattenItem(item: HclItem): readonly HclItem[] {
  const { value } = item;
  const keys = item.keys.map((key) => ({ ...key, place: unknown }));
  if (value.kind === "list" && value.items.length > 0 && value.items.every((each) => each.kind === "object"))
    return value.items.flatMap((each) => flattenItem({ ...item, value: each }));
  if (value.kind === "object" && value.items.length > 0 && value.items.every((each) => each.value.kind === "object"))
    return value.items.flatMap((each) => flattenItem({ ...each, keys: [...keys, ...each.keys] }));
  return [{ keys, isAssigned: item.isAssigned, value: flattenValue(value) }];
}

function flattenValue(value: HclValue): HclValue {
  if (value.kind === "object") return { ...value, items: flattenJson(value.items), place: unknown, end: unknown };
  if (value.kind === "list") return { ...value, items: value.items.map(flattenValue), place: unknown };
  return { kind: value.kind, text: value.text, value: value.value, place: unknown };
}
