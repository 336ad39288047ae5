import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import type { Command } from "../command.ts";
import { JsonRow } from "../../client/json-row.ts";
import { formatFlag, printText } from "../output-format.ts";

export const infoCommand: Command = apiCommand({
  name: "info",
  summary: "Provides debugging information for operators.",
  synopsis: "[options]",
  about: "Prints the agent's build, role and runtime figures.",
  examples: [{ what: "Is it the leader?", command: "info | grep 'leader ='" }],
  flags: [formatFlag],
  asksServers: false,
  run: printInfo,
});

async function printInfo(call: ApiCall): Promise<void> {
  const self = new JsonRow(await attempting("Error querying agent", () => call.api.json("/v1/agent/self")));
  const stats = self.row("Stats");
  const groups = stats.names.toSorted().map((name): [string, ReadonlyMap<string, string>] => [name, stats.map(name)]);
  const json = Object.fromEntries(groups.map(([name, values]) => [name, Object.fromEntries(values)]));
  printText(call, json, () => groups.map(format).join(""));
}

function format([name, values]: readonly [string, ReadonlyMap<string, string>]): string {
  const lines = [...values].map(([key, value]) => `\t${key} = ${value}\n`);
  return `${name}:\n${lines.join("")}`;
}
