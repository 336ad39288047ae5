import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import type { Command } from "../command.ts";
import { formatFlag, printText } from "../output-format.ts";

export const catalogDatacentersCommand: Command = apiCommand({
  name: "catalog datacenters",
  summary: "Lists all known datacenters",
  synopsis: "[options]",
  about: "Lists the datacenters that the agent knows, the nearest first.",
  examples: [{ what: "All of them", command: "catalog datacenters" }],
  flags: [formatFlag],
  asksServers: true,
  words: 0,
  run: listDatacenters,
});

async function listDatacenters(call: ApiCall): Promise<void> {
  const json = await attempting("Error listing datacenters", () => call.api.json("/v1/catalog/datacenters"));
  const names = Array.isArray(json) ? json.map(String) : [];
  printText(call, json, () => names.map((name) => `${name}\n`).join(""));
}
