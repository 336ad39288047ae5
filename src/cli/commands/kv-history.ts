import { encodedKey } from "../../client/key-value.ts";
import type { KvVersionJson } from "../../wire/kv-history.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { authorText } from "../author-text.ts";
import type { Command } from "../command.ts";
import { keyArgument, missingKey } from "../key-argument.ts";
import { valueText } from "../kv-difference.ts";
import { formatFlag, printTable } from "../output-format.ts";
import { printable } from "../printable.ts";

export const kvHistoryCommand: Command = apiCommand({
  name: "kv history",
  summary: "Lists what a key was, who changed it and why",
  synopsis: "[options] KEY_OR_PREFIX",
  about:
    "Lists the kept versions of a key, the newest first, with time, origin, writer and reason. With -recurse it lists what happened to all " +
    "keys with a prefix.\n\nAn agent of Praetor keeps the newest 20 changes of each key for 90 days; kv_history in its configuration " +
    "changes that. Secrets below vault/ and locks have no past.",
  examples: [
    { what: "What a setting was", command: "kv history edgex/core/1.0/edgex-core-data/Writable/LogLevel" },
    { what: "The last 20 changes of all settings", command: "kv history -recurse -n 20 edgex/" },
  ],
  flags: [
    { name: "n", kind: "uint", value: "count", help: "List this many versions at the most; default: 100." },
    { name: "recurse", kind: "bool", value: "", help: "List the changes of all keys with this prefix." },
    formatFlag,
  ],
  asksServers: true,
  run: listVersions,
});

async function listVersions(call: ApiCall): Promise<void> {
  const { words, flags, api } = call;
  const key = keyArgument(words);
  const recurse = flags.bool("recurse");
  if (key === "" && !recurse) throw missingKey();
  const query = { ...(recurse && { recurse: "" }), ...(flags.has("n") && { limit: String(flags.uint("n")) }) };
  const path = `/v1/praetor/kv-history/${encodedKey(key)}`;
  const missing = `Error! No key has been written at: ${key}`;
  const json = await attempting("Error querying Praetor agent", () => api.find({ path, query }, missing));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the agent's answer
  const versions = json as readonly KvVersionJson[];
  printTable(call, versions, () => [
    ["Index", "Time", ...(recurse ? ["Key"] : []), "Change", "Origin", "By", "Reason", recurse ? "Size" : "Value"],
    ...versions.map((version) => [
      ...[String(version.Index), version.Time ?? "-", ...(recurse ? [printable(version.Key)] : [])],
      ...[version.Means ?? version.Operation, version.Origin ?? "-", version.By ? authorText(version.By) : "-"],
      printable(version.Reason ?? "") || "-",
      recurse ? String(version.Size ?? "-") : version.Operation === "set" ? valueText(version.Value) : "-",
    ]),
  ]);
}
