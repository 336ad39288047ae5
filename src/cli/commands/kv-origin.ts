import { encodedKey } from "../../client/key-value.ts";
import type { HidingServiceJson, KvOriginJson } from "../../wire/kv-history.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { authorText } from "../author-text.ts";
import type { Command } from "../command.ts";
import { keyArgument, missingKey } from "../key-argument.ts";
import { formatFlag, printTable } from "../output-format.ts";
import { printable } from "../printable.ts";

export const kvOriginCommand: Command = apiCommand({
  name: "kv origin",
  summary: "Says where the value of a key comes from",
  synopsis: "[options] KEY_OR_PREFIX",
  about:
    "Says where the value of a key comes from: a service's default, file or environment, a service that says no more, an operator, an " +
    "import, a rollback, or the assignment of a port; and who wrote it, unless it is the first value of the key. It warns when a service " +
    "does not use the value, because a variable of its environment has another one.",
  examples: [
    { what: "One setting", command: "kv origin edgex/core/1.0/edgex-core-data/Writable/LogLevel" },
    { what: "All settings of a service", command: "kv origin -recurse edgex/core/1.0/edgex-core-data/" },
  ],
  flags: [{ name: "recurse", kind: "bool", value: "", help: "List all keys with this prefix." }, formatFlag],
  asksServers: true,
  run: listOrigins,
});

async function listOrigins(call: ApiCall): Promise<void> {
  const { words, flags, api } = call;
  const key = keyArgument(words);
  const recurse = flags.bool("recurse");
  if (key === "" && !recurse) throw missingKey();
  const path = `/v1/praetor/kv-origin/${encodedKey(key)}`;
  const query = recurse ? { recurse: "" } : {};
  const missing = `Error! No key exists at: ${key}`;
  const json = await attempting("Error querying Praetor agent", () => api.find({ path, query }, missing));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the agent's answer
  const origins = json as readonly KvOriginJson[];
  printTable(call, origins, () => [
    ["Key", "Origin", "Index", "Time", "By", "Hidden By"],
    ...origins.map((origin) => [
      ...[printable(origin.Key), origin.Origin ?? "unknown", String(origin.ModifyIndex), origin.Time ?? "-"],
      ...[origin.By ? authorText(origin.By) : "-", origin.HiddenBy.map(hidingText).join(", ") || "-"],
    ]),
  ]);
}

function hidingText({ Service: service, Variable: variable }: HidingServiceJson): string {
  return printable(`${variable} of ${service}`);
}
