import { fieldsOf } from "../../client/json-object.ts";
import { decodeDefinitions } from "../../config/definitions.ts";
import { readSource } from "../../config/read-source.ts";
import { messageOf, OperatingError } from "../../lib/errors.ts";
import { decodePreparedQuery } from "../../wire/prepared-query.ts";
import type { KvTreeEntry } from "../../wire/kv-tree.ts";
import { decodeCarriedNode, type CarriedNode } from "./carried-node.ts";
import { checkText, jsonText, nodeText, queryText, serviceText } from "./definition-text.ts";
import type { Inventory } from "./inventory.ts";
import { fileNameOf, keyOfPath, pathOfKey } from "./key-path.ts";

/*
 * Encodes an inventory as files. These are their paths in the export's folder:
 *
 *   praetor-export.json       the format and its version
 *   .gitattributes            keeps git from changing the values' bytes
 *   kv/<key>                  a value; key-path.ts defines the path of a key
 *   kv-flags.json             the flags that are not 0, by key
 *   kv-names.json             the keys that are too long for a path
 *   services/<id>.json        as an agent's configuration file, with its checks
 *   checks/<id>.json          a check of the agent's node, as an agent's configuration file
 *   nodes/<name>.json         another node, as catalog/register, with all services
 *   queries/<name>.json       prepared queries
 *
 * The files depend on neither time, chance nor order: equal inventories have equal files.
 */

export type Tree = ReadonlyMap<string, Uint8Array>;

export const manifestName = "praetor-export.json";
/** Names of the folders that an export writes; praetor export never changes other folders. */
export const ownFolders: readonly string[] = ["kv", "services", "checks", "nodes", "queries"];
export const ownFiles: readonly string[] = [manifestName, ".gitattributes", "kv-flags.json", "kv-names.json"];

const manifest = { format: "praetor-export", version: 1 } as const;

export function encodeTree({ keys, services, checks, nodes, queries }: Inventory): Tree {
  const tree = new Map<string, Uint8Array>();
  const put = (path: string, text: string): void => void tree.set(path, new TextEncoder().encode(text));
  put(manifestName, jsonText(manifest));
  put(".gitattributes", "* -text\n");
  const folders = foldersOf(keys);
  const flags = new Map<string, string>();
  const names = new Map<string, string>();
  for (const { key, flags: flag, value } of keys) {
    const path = pathOfKey(key, folders.has(key));
    tree.set(`kv/${path}`, value);
    if (flag !== 0n) flags.set(key, String(flag));
    if (path.startsWith("%long/")) names.set(path.slice("%long/".length), key);
  }
  if (flags.size > 0) put("kv-flags.json", mapText(flags));
  if (names.size > 0) put("kv-names.json", mapText(names));
  for (const each of services) put(`services/${fileNameOf(each.service.id)}.json`, serviceText(each));
  for (const each of checks) put(`checks/${fileNameOf(each.id)}.json`, checkText(each));
  for (const each of nodes) put(`nodes/${fileNameOf(each.node.name)}.json`, nodeText(each));
  for (const each of queries) put(`queries/${fileNameOf(each.name)}.json`, queryText(each));
  return tree;
}

/**
 * Returns the folders that the keys need: the part of a key before each of its slashes. A key with the name of a folder gets
 * another path.
 */
function foldersOf(keys: readonly KvTreeEntry[]): ReadonlySet<string> {
  const folders = new Set<string>();
  for (const { key } of keys)
    for (let at = key.lastIndexOf("/"); at >= 0; at = at === 0 ? -1 : key.lastIndexOf("/", at - 1)) {
      const folder = key.slice(0, at);
      if (folders.has(folder)) break;
      folders.add(folder);
    }
  return folders;
}

/** Encodes a map sorted by name; JSON.stringify would put names that are numbers first. */
function mapText(map: ReadonlyMap<string, string>): string {
  const lines = [...map]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  return `{\n${lines.join(",\n")}\n}\n`;
}

/**
 * Decodes the files of an export.
 * @throws OperatingError invalid, naming the invalid file
 */
export function decodeTree(tree: Tree): Inventory {
  const { format, version } = fieldsOf(jsonIn(tree, manifestName));
  if (format !== manifest.format) throw unusable(manifestName, `it does not say "format": "${manifest.format}"`);
  if (version !== manifest.version)
    throw unusable(manifestName, `this Praetor reads version ${manifest.version}, and it is ${String(version)}`);
  const paths = [...tree.keys()].toSorted();
  const below = (folder: string): readonly string[] => paths.filter((path) => path.startsWith(`${folder}/`));
  const definitions = [...below("services"), ...below("checks")].map((path) => definitionsIn(tree, path));
  return {
    keys: keysIn(tree, below("kv")),
    services: definitions.flatMap(({ services }) => services),
    checks: definitions.flatMap(({ checks }) => checks),
    nodes: below("nodes").map((path) => nodeIn(tree, path)),
    queries: below("queries").map((path) => attempt(path, () => decodePreparedQuery(jsonIn(tree, path)))),
  };
}

function keysIn(tree: Tree, paths: readonly string[]): readonly KvTreeEntry[] {
  const flags = fieldsOf(jsonIn(tree, "kv-flags.json"));
  const longKeys = fieldsOf(jsonIn(tree, "kv-names.json"));
  const entries = new Map<string, KvTreeEntry>();
  for (const path of paths) {
    const found = keyOfPath(path.slice("kv/".length), longKeys);
    if (typeof found === "string") throw unusable(path, found);
    const { key } = found;
    if (entries.has(key)) throw unusable(path, `another file has the key ${JSON.stringify(key)} as well`);
    entries.set(key, { key, value: tree.get(path) ?? new Uint8Array(), flags: flagsOf(flags, key) });
  }
  return [...entries.values()];
}

function flagsOf(flags: Readonly<Record<string, unknown>>, key: string): bigint {
  const text = Object.hasOwn(flags, key) ? String(flags[key]) : "0";
  if (/^\d{1,20}$/.test(text) && BigInt(text) < 2n ** 64n) return BigInt(text);
  throw unusable("kv-flags.json", `the flags of ${JSON.stringify(key)} are no number of 64 bits`);
}

function definitionsIn(tree: Tree, path: string): ReturnType<typeof decodeDefinitions> {
  const { definitions } = readSource(textIn(tree, path), "json", { file: path });
  return decodeDefinitions(definitions, Number.MAX_SAFE_INTEGER);
}

function nodeIn(tree: Tree, path: string): CarriedNode {
  const node = fieldsOf(jsonIn(tree, path));
  const { Services: services, Checks: checks } = node;
  return attempt(path, () => decodeCarriedNode({ node, services: listOf(services), checks: listOf(checks) }));
}

function listOf(json: unknown): readonly unknown[] {
  return Array.isArray(json) ? json : [];
}

function textIn(tree: Tree, path: string): string {
  return new TextDecoder().decode(tree.get(path));
}

/** Decodes the JSON file at this path; undefined if the export has no such file. */
function jsonIn(tree: Tree, path: string): unknown {
  if (!tree.has(path)) return undefined;
  return attempt(path, (): unknown => JSON.parse(textIn(tree, path)));
}

function attempt<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unusable(path, messageOf(error));
  }
}

function unusable(path: string, why: string): OperatingError {
  return new OperatingError("invalid", "unusable-export", `${path} cannot be used: ${why}.`);
}
