import { posix } from "node:path";
import { renderKeeperValue } from "../wire/keeper-kvs.ts";
import { KeeperError } from "./keeper-error.ts";

const allowed = /^[a-zA-Z0-9_~;=./%-]+$/;
const rule = "key only allows characters between a to z, A to Z, 0 to 9, or one of -_ ~;=./%";

/** Returns the key unchanged if it is valid. @throws KeeperError 400 for a key with a character that core-keeper refuses */
export function requireKey(key: string): string {
  if (!allowed.test(key)) throw new KeeperError(400, rule);
  return key;
}

export interface KeyText {
  readonly key: string;
  readonly text: string;
}

/**
 * Returns a key for each leaf of an object: { A: { B: 1 }, C: [2] } below "k" gives k/A/B and k/C. Nulls and empty objects are
 * skipped; a list is one value.
 * @throws KeeperError 400 for a field name that does not give a valid key below the key of its object
 */
export function flatten(key: string, value: unknown): KeyText[] {
  if (value === null) return [];
  if (typeof value !== "object" || Array.isArray(value)) return [{ key, text: renderKeeperValue(value) }];
  return Object.entries(value).flatMap(([name, inner]) => flatten(innerKey(key, name), inner));
}

function innerKey(key: string, name: string): string {
  const inner = posix.join(key, name);
  const isBelow = inner.startsWith(posix.join(key, "/")) && !inner.endsWith("/");
  if (isBelow && allowed.test(inner)) return inner;
  throw new KeeperError(400, `${rule}: the name ${JSON.stringify(name)} below ${key} gives no such key`);
}
