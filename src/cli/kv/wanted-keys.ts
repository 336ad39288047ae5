import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileFailure } from "../../lib/file-failure.ts";
import { isRecord } from "../../lib/is-record.ts";
import { decodeFailureReason, parseWholeJson } from "../../wire/json.ts";
import { decodeKvTree } from "../../wire/kv-tree.ts";
import { CommandFailure } from "../command-failure.ts";
import type { CommandIo } from "../command.ts";
import { manifestName } from "../migration/export-tree.ts";
import { keyOfPath } from "../migration/key-path.ts";

/** A key as a file or folder wants it; without a value it is to be deleted. */
export interface WantedKey {
  readonly key: string;
  readonly value: Uint8Array | undefined;
  /** Undefined if the source has no flags: the key keeps its own. */
  readonly flags: bigint | undefined;
}

/**
 * Reads the keys of a file, a folder, or "-", standard input. A file is what kv export prints, a JSON object of texts, or lines
 * "key = value". A folder has a file for each key, or is what praetor export writes.
 * @throws CommandFailure naming what cannot be read or used
 */
export async function readWantedKeys(source: string, io: Pick<CommandIo, "stdin">): Promise<readonly WantedKey[]> {
  if (source === "") throw new CommandFailure("Error! Missing FILE or DIR argument");
  if (source === "-") return decode(new Uint8Array(await io.stdin()), "standard input");
  try {
    const isFolder = (await stat(source)).isDirectory();
    return isFolder ? await readFolder(source) : decode(new Uint8Array(await readFile(source)), source);
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure(`Error! Failed to read ${source}: ${fileFailure(error)}`);
  }
}

async function readFolder(folder: string): Promise<readonly WantedKey[]> {
  const names = await readdir(folder);
  if (names.includes(manifestName)) {
    const { readExport } = await import("../migration/export-folder.ts");
    return (await readExport(folder)).inventory.keys;
  }
  const keys: WantedKey[] = [];
  for (const path of await pathsIn(folder, "")) {
    const found = keyOfPath(path, {});
    if (typeof found === "string") throw new CommandFailure(`Error! ${join(folder, path)} names no key: ${found}`);
    keys.push({ ...found, value: new Uint8Array(await readFile(join(folder, path))), flags: undefined });
  }
  return keys;
}

/** Returns the paths of all files below a folder, in order, without those whose name begins with a dot, such as git's. */
async function pathsIn(folder: string, below: string): Promise<readonly string[]> {
  const entries = (await readdir(join(folder, below), { withFileTypes: true })).filter(
    ({ name }) => !name.startsWith("."),
  );
  const paths = entries.map(async (entry) => {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    return entry.isDirectory() ? pathsIn(folder, path) : [path];
  });
  return (await Promise.all(paths)).flat().toSorted();
}

function decode(bytes: Uint8Array, source: string): readonly WantedKey[] {
  const text = new TextDecoder().decode(bytes);
  const keys = /^\s*[[{]/.test(text) ? decodeJson(bytes, source) : decodeLines(text, source);
  const seen = new Set<string>();
  for (const { key } of keys) {
    if (seen.has(key)) throw new CommandFailure(`Error! ${source} has the key ${JSON.stringify(key)} twice`);
    seen.add(key);
  }
  return keys;
}

function decodeJson(bytes: Uint8Array, source: string): readonly WantedKey[] {
  try {
    const json = parseWholeJson(bytes);
    return isRecord(json) ? decodeObject(json, source) : decodeKvTree(bytes);
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure(`Error! Cannot use ${source}: ${decodeFailureReason(error)}`);
  }
}

function decodeObject(json: Readonly<Record<string, unknown>>, source: string): readonly WantedKey[] {
  return Object.entries(json).map(([key, value]) => {
    if (value === null) return { key, value: undefined, flags: undefined };
    const text = textOf(value);
    if (text === undefined)
      throw new CommandFailure(
        `Error! Cannot use ${source}: the value of ${JSON.stringify(key)} is no text, number, true, false or null. ` +
          "Write whole keys, such as app/rate, and JSON values as text.",
      );
    return { key, value: new TextEncoder().encode(text), flags: undefined };
  });
}

/** Returns a JSON value as the text of a key; undefined for an object or a list. */
function textOf(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
    case "bigint":
    case "boolean":
      return String(value);
    default:
      return undefined;
  }
}

function decodeLines(text: string, source: string): readonly WantedKey[] {
  return text.split(/\r?\n/).flatMap((line, at) => {
    if (line.trim() === "" || line.startsWith("#")) return [];
    const [, key = "", value = ""] = /^\s*(\S.*?)\s*=\s?(.*)$/.exec(line) ?? [];
    if (key === "") throw new CommandFailure(`Error! Cannot use ${source}: line ${at + 1} is not "key = value"`);
    return [{ key, value: new TextEncoder().encode(value), flags: undefined }];
  });
}
