import { OperatingError } from "../lib/errors.ts";
import { type HttpAnswer, jsonOf } from "./http.ts";
import { fieldsOf } from "./json-object.ts";

export interface StoredPair {
  readonly key: string;
  readonly value: Uint8Array;
}

/**
 * Returns the request path of a key.
 * @throws OperatingError invalid for a key that a URL cannot carry
 */
export function keyPath(key: string): string {
  return `/v1/kv/${encodedKey(key)}`;
}

/**
 * Returns a key as a part of a request's path.
 * @throws OperatingError invalid for a key that a URL cannot carry
 */
export function encodedKey(key: string): string {
  if (key.startsWith("/")) throw invalidKey(key, "must not begin with a '/'");
  // URL parsing resolves . and .., escaped or not, to another key.
  if (/(^|\/)\.{1,2}(\/|$)/.test(key)) throw invalidKey(key, "must not have a '.' or '..' between slashes");
  return key.split("/").map(encodeURIComponent).join("/");
}

function invalidKey(key: string, what: string): OperatingError {
  return new OperatingError("invalid", "invalid-key", `Invalid key. Key ${what}: ${key}`);
}

/** Decodes the answer to a GET of /v1/kv/KEY into its keys and values. */
export function decodePairs(answer: HttpAnswer): readonly StoredPair[] {
  const json = jsonOf(answer);
  return Array.isArray(json) ? json.flatMap(decodePair) : [];
}

function decodePair(json: unknown): StoredPair[] {
  const { Key: key, Value: value } = fieldsOf(json);
  if (typeof key !== "string") return [];
  // Consul: an empty value is null.
  return [{ key, value: typeof value === "string" ? decodeBase64(value) : new Uint8Array() }];
}

/** Decodes base64. Not by Uint8Array.fromBase64, which not every runtime has. */
export function decodeBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
