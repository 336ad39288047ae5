import { KvClient } from "../../client/kv-client.ts";
import type { KvEntry } from "../../model/kv-entry.ts";
import { renderKvEntries } from "../../wire/kv-entry.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { keyArgument, missingKey } from "../key-argument.ts";
import { formatFlag, wantsJson } from "../output-format.ts";

export const kvGetCommand: Command = apiCommand({
  name: "kv get",
  summary: "Reads keys",
  synopsis: "[options] [KEY_OR_PREFIX]",
  about:
    "Prints the value of a key, byte for byte, and a line break. " +
    "With -recurse or -keys it reads all keys, or those with a prefix.",
  examples: [
    { what: "The value of a key", command: "kv get edgex/core/1.0/edgex-core-data/Writable/LogLevel" },
    { what: "The whole entry", command: "kv get -detailed edgex/core/1.0/edgex-core-data/LogLevel" },
    { what: "All keys below a folder with their values", command: "kv get -recurse edgex/core/" },
    { what: "Only their names, one level deep", command: "kv get -keys edgex/core/" },
  ],
  flags: [
    { name: "base64", kind: "bool", value: "", help: "Print values as base64." },
    { name: "detailed", kind: "bool", value: "", help: "Show flags, indexes and the session that holds the lock." },
    { name: "keys", kind: "bool", value: "", help: "Print the names of the keys with this prefix." },
    { name: "recurse", kind: "bool", value: "", help: "Read all keys with this prefix." },
    {
      name: "separator",
      kind: "text",
      value: "text",
      help: "With -keys, cut each name after the next separator; default: /; '' for whole names.",
    },
    { ...formatFlag, help: "Lines (pretty, the default), or the agent's JSON for programs." },
  ],
  asksServers: true,
  run: getKeys,
});

async function getKeys(call: ApiCall): Promise<void> {
  const { words, flags, io } = call;
  const key = keyArgument(words);
  const [names, recurse] = [flags.bool("keys"), flags.bool("recurse")];
  if (key === "" && !names && !recurse) throw missingKey();
  const asJson = wantsJson(call);
  const kv = new KvClient(call.api);
  // Consul: -keys takes precedence over -recurse.
  if (names) return printNames(call, await query(() => kv.names(key, flags.text("separator") ?? "/")));
  const entries = recurse ? await query(() => kv.list(key)) : [await getOne(kv, key)];
  if (asJson) return io.stdout(renderKvEntries(entries, { pretty: true }));
  io.stdout(Buffer.concat(recurse ? listed(call, entries) : entries.map((entry) => single(call, entry))));
}

function query<T>(ask: () => Promise<T>): Promise<T> {
  return attempting("Error querying Consul agent", ask);
}

async function getOne(kv: KvClient, key: string): Promise<KvEntry> {
  const entry = await query(() => kv.get(key));
  if (entry === undefined) throw new CommandFailure(`Error! No key exists at: ${key}${await keysBelow(kv, key)}`);
  return entry;
}

/**
 * Returns a line that explains how to read the keys below `key`, if the user gave a folder in place of a key; "" if there are no
 * such keys.
 */
async function keysBelow(kv: KvClient, key: string): Promise<string> {
  const folder = key.endsWith("/") ? key : `${key}/`;
  const names = await kv.names(folder, "/").catch(() => []);
  if (names.length === 0) return "";
  return `\nThere are keys below it: 'praetor kv get -keys ${folder}' lists them, -recurse shows their values, too.`;
}

function printNames(call: ApiCall, names: readonly string[]): void {
  const text = wantsJson(call) ? `${JSON.stringify(names, undefined, 4)}\n` : names.map((name) => `${name}\n`).join("");
  call.io.stdout(text);
}

function single(call: ApiCall, entry: KvEntry): Buffer {
  if (call.flags.bool("detailed")) return detailed(call, entry);
  return Buffer.concat([shown(call, entry.value), Buffer.from("\n")]);
}

function listed(call: ApiCall, entries: readonly KvEntry[]): readonly Uint8Array[] {
  if (call.flags.bool("detailed")) {
    const lineBreak = Buffer.from("\n");
    return entries.flatMap((entry, at) => [...(at === 0 ? [] : [lineBreak]), detailed(call, entry)]);
  }
  return entries.flatMap(({ key, value }) => [Buffer.from(`${key}:`), shown(call, value), Buffer.from("\n")]);
}

function detailed(call: ApiCall, entry: KvEntry): Buffer {
  const lines: readonly (readonly [name: string, value: string | number | bigint])[] = [
    ["CreateIndex", entry.createIndex],
    ["Flags", entry.flags],
    ["Key", entry.key],
    ["LockIndex", entry.lockIndex],
    ["ModifyIndex", entry.modifyIndex],
    ["Session", entry.session || "-"],
  ];
  const head = lines.map(([name, value]) => `${name.padEnd(17)}${value}\n`).join("");
  return Buffer.concat([Buffer.from(`${head}${"Value".padEnd(17)}`), shown(call, entry.value), Buffer.from("\n")]);
}

function shown({ flags }: ApiCall, value: Uint8Array): Uint8Array {
  return flags.bool("base64") ? Buffer.from(value.toBase64()) : value;
}
