import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import type { Command } from "../command.ts";
import { fieldsOf } from "../../client/json-object.ts";
import { formatFlag, printText } from "../output-format.ts";

export const operatorAutopilotGetConfigCommand: Command = apiCommand({
  name: "operator autopilot get-config",
  summary: "Prints the settings of Autopilot",
  synopsis: "[options]",
  about: "Prints the settings of Autopilot, by which servers manage their cluster.",
  examples: [{ what: "All settings", command: "operator autopilot get-config" }],
  flags: [formatFlag],
  asksServers: true,
  run: printConfig,
});

const shown = ["CleanupDeadServers", "LastContactThreshold", "MaxTrailingLogs", "MinQuorum", "ServerStabilizationTime"];
const shownQuoted = ["RedundancyZoneTag", "DisableUpgradeMigration", "UpgradeVersionTag"];

async function printConfig(call: ApiCall): Promise<void> {
  const path = "/v1/operator/autopilot/configuration";
  const json = await attempting("Error querying Autopilot configuration", () => call.api.json(path));
  const config = fieldsOf(json);
  printText(call, json, () =>
    [
      ...shown.map((name) => `${name} = ${String(config[name])}\n`),
      ...shownQuoted.map((name) => `${name} = ${JSON.stringify(config[name])}\n`),
    ].join(""),
  );
}
