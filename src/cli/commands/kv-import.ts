import { KvClient } from "../../client/kv-client.ts";
import { messageOf } from "../../lib/errors.ts";
import { decodeFailureReason } from "../../wire/json.ts";
import { decodeKvTree, type KvTreeEntry } from "../../wire/kv-tree.ts";
import { apiCommand, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command, CommandIo } from "../command.ts";
import { readData } from "../data-argument.ts";
import { Progress } from "../progress.ts";

export const kvImportCommand: Command = apiCommand({
  name: "kv import",
  summary: "Stores a tree of keys from JSON",
  synopsis: "[options] DATA",
  about:
    "Stores the keys of kv export's output. @PATH reads them from a file, - from standard input. " +
    "It overwrites existing keys with the same names. It stores nothing if the JSON is invalid.",
  examples: [
    { what: "Store the tree in a file", command: "kv import @edgex.json" },
    { what: "Store it below a folder", command: "kv import -prefix=copies/today @edgex.json" },
  ],
  flags: [{ name: "prefix", kind: "text", value: "folder", help: "Put this folder and a slash before every key." }],
  asksServers: true,
  origin: "import",
  run: importTree,
});

/**
 * Maximum number of concurrent writes. The agent commits concurrent writes together, many times faster than one after the other.
 */
const writesMax = 16;

async function importTree({ words, flags, api, io }: ApiCall): Promise<void> {
  const folder = (flags.text("prefix") ?? "").replace(/^\/|\/$/g, "");
  const entries = decode(await readTree(words, io)).map(({ key, ...rest }) => ({
    key: folder === "" ? key : `${folder}/${key}`,
    ...rest,
  }));
  const kv = new KvClient(api);
  const progress = new Progress(io);
  let at = 0;
  while (at < entries.length) {
    const batch = nextBatch(entries, at);
    at += batch.length;
    const results = await Promise.allSettled(batch.map((entry) => putEntry(kv, entry)));
    progress.end();
    for (const result of results) if (result.status === "fulfilled") io.stdout(`Imported: ${result.value}\n`);
    for (const result of results) if (result.status === "rejected") throw result.reason;
    // On a terminal the printed lines show the progress.
    if (!io.isTerminal) progress.show(`Imported ${at} of ${entries.length} keys`);
  }
  progress.end();
}

async function readTree(words: readonly string[], io: CommandIo): Promise<Uint8Array> {
  const [word] = words;
  if (word === undefined) throw new CommandFailure("Error! Missing DATA argument");
  if (words.length > 1) throw new CommandFailure(`Error! Too many arguments (expected 1, got ${words.length})`);
  if (word === "") throw new CommandFailure("Error! Empty DATA argument");
  return readData(word, io);
}

function decode(bytes: Uint8Array): readonly KvTreeEntry[] {
  try {
    return decodeKvTree(bytes);
  } catch (error) {
    const words = decodeFailureReason(error);
    throw new CommandFailure(words.startsWith("base 64") ? `Error ${words}` : `Cannot unmarshal data: ${words}`);
  }
}

/**
 * Returns the next entries from position `at`, up to the second occurrence of a key: its later value must be written after the
 * earlier one.
 */
function nextBatch(entries: readonly KvTreeEntry[], at: number): readonly KvTreeEntry[] {
  const keys = new Set<string>();
  const next = entries.slice(at, at + writesMax);
  const end = next.findIndex(({ key }) => keys.size === keys.add(key).size);
  return end < 0 ? next : next.slice(0, end);
}

/** Writes an entry; resolves with its key. */
async function putEntry(kv: KvClient, { key, flags, value }: KvTreeEntry): Promise<string> {
  try {
    await kv.put({ key, flags, value: new Uint8Array(value) });
    return key;
  } catch (error) {
    throw new CommandFailure(`Error! Failed writing data for key ${key}: ${messageOf(error)}`);
  }
}
