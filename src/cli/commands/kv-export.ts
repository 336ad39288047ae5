import { KvClient } from "../../client/kv-client.ts";
import { renderKvTree } from "../../wire/kv-tree.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import type { Command } from "../command.ts";
import { keyArgument } from "../key-argument.ts";

export const kvExportCommand: Command = apiCommand({
  name: "kv export",
  summary: "Prints a tree of keys as JSON",
  synopsis: "[options] [KEY_OR_PREFIX]",
  about:
    "Prints all keys, or those with a prefix, with values and flags, as JSON for kv import. " +
    "This copies keys between agents, also between Praetor and Consul.",
  examples: [
    { what: "Save a tree to a file", command: "kv export edgex/ >edgex.json" },
    { what: "Copy all keys to another agent", command: "kv export | praetor kv import -http-addr=192.0.2.7:8500 -" },
  ],
  asksServers: true,
  run: exportTree,
});

async function exportTree({ words, api, io }: ApiCall): Promise<void> {
  const prefix = keyArgument(words);
  const entries = await attempting("Error querying Consul agent", () => new KvClient(api).list(prefix));
  io.stdout(`${renderKvTree(entries)}\n`);
}
