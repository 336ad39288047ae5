import type { Need } from "../../live/need.ts";

/*
 * Names of keys. A name is any text: a slash parts folders, and nothing else about it is special, so "a//b" is the key "b" in the folder
 * without a name in "a/", and "a/" can be a key and a folder at once. A folder is written with its slash at the end, the root as "".
 */

/** Returns the folder of a key or folder: "a/" of "a/b" and of "a/b/"; "" at the root. */
export function parentOf(name: string): string {
  const body = name.endsWith("/") ? name.slice(0, -1) : name;
  return body.slice(0, body.lastIndexOf("/") + 1);
}

/** Returns the last part of a name, with the slash of a folder: "b" of "a/b", "b/" of "a/b/". */
export function lastPartOf(name: string): string {
  return name.slice(parentOf(name).length);
}

/** Returns the folders above a name, outermost first, without the root: "a/", "a/b/" of "a/b/c". */
export function foldersAbove(name: string): readonly string[] {
  const body = name.endsWith("/") ? name.slice(0, -1) : name;
  return [...body.matchAll(/\//g)].map(({ index }) => name.slice(0, index + 1));
}

/**
 * Encodes a name for an address. Slashes stay as they are, unless a part is empty, "." or "..": browsers and servers resolve such
 * parts, so then the whole name is one part of the address, with encoded slashes. So is a name of very many parts.
 */
export function encodeName(name: string): string {
  const known = name.toWellFormed();
  const parts = known.split("/");
  const isOdd = parts.some((part, at) => part === "." || part === ".." || (part === "" && at < parts.length - 1));
  if (isOdd || parts.length > partsMax) return encodeURIComponent(known);
  return parts.map(encodeURIComponent).join("/");
}

/** The agent takes addresses of 32 parts; some are before the name. */
const partsMax = 24;

/** Returns whether an address can have the name. Browsers take "." and ".." for folders of the address, however they are encoded. */
export function isAddressable(name: string): boolean {
  return name !== "." && name !== ".." && name.isWellFormed();
}

/** Returns the address of the agent's API for a key or a folder: "v1/kv/a/b". */
export function apiPathOf(name: string): string {
  return `v1/kv/${encodeName(name)}`;
}

/** Returns the address below the API of what only Praetor tells of a key: "watchers", "kv-history". */
export function praetorPathOf(what: string, name: string): string {
  return `v1/praetor/${what}/${encodeName(name)}`;
}

/** Returns the right to write a key. */
export function writeOf(key: string): Need {
  return { resource: "key", access: "write", segment: key };
}

/** Returns the path of the screen of a key. A key that ends in a slash has the path of its folder, so a parameter says which one it is. */
export function keyPathOf(key: string): string {
  return `/keys/${encodeName(key)}${key.endsWith("/") ? "?is=key" : ""}`;
}

/** Returns whether a key's name says that its value is a secret, so that a screen shows it on demand only. */
export function looksSecret(key: string): boolean {
  return key.startsWith("vault/") || /passwo?r?d|secret|token|credential|private-?_?key|api-?_?key/i.test(key);
}

/** A key of a service of EdgeX. */
export interface EdgexKey {
  readonly service: string;
  /** The path of the setting in the service's configuration: "Writable/LogLevel". */
  readonly setting: string;
  /** Whether the service takes a new value without a restart. */
  readonly isLive: boolean;
}

/**
 * Recognises the configuration keys of EdgeX's services: "edgex/core/1.0/SERVICE/..." of Geneva and Hanoi, "edgex/core/2.0/SERVICE/..."
 * of EdgeX 2, "edgex/v3/SERVICE/..." and "edgex/v4/SERVICE/..." of EdgeX 3 and 4. Only Writable is watched by the services.
 */
export function edgexKeyOf(key: string): EdgexKey | undefined {
  const found = /^edgex\/(?:(?:core|devices|appservices|security)\/[12]\.0|v[34])\/([^/]+)\/(.+)$/.exec(key);
  const [, named, setting] = found ?? [];
  if (named === undefined || setting === undefined) return undefined;
  // device-sdk-c puts the profile after the name, with a semicolon.
  const service = named.replace(/;.*$/, "");
  return { service, setting, isLive: /^(?:[^/]+\/)?Writable\//.test(setting) };
}
