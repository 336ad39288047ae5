import { fieldsOf } from "../../client/json-object.ts";
import { textOf } from "../../client/http.ts";
import { formatDuration } from "../../lib/duration.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command, CommandFlag } from "../command.ts";
import type { Flags } from "../flags.ts";

/** The command's flags, by the name of each setting in Consul's JSON. */
const settings: Readonly<Record<string, CommandFlag>> = {
  CleanupDeadServers: {
    name: "cleanup-dead-servers",
    kind: "bool",
    value: "true|false",
    help: "Whether to remove failed servers when new ones join.",
  },
  LastContactThreshold: {
    name: "last-contact-threshold",
    kind: "text",
    value: "duration",
    help: "How long a healthy server may be without contact to the leader, as in 200ms.",
  },
  MaxTrailingLogs: {
    name: "max-trailing-logs",
    kind: "int",
    value: "number",
    help: "How many log entries a healthy server may be behind the leader.",
  },
  MinQuorum: {
    name: "min-quorum",
    kind: "int",
    value: "number",
    help: "How many servers must remain when failed ones are removed.",
  },
  ServerStabilizationTime: {
    name: "server-stabilization-time",
    kind: "text",
    value: "duration",
    help: "How long a new server must be healthy before it may vote, as in 10s.",
  },
  RedundancyZoneTag: {
    name: "redundancy-zone-tag",
    kind: "text",
    value: "name",
    help: "Key of the nodes' metadata with the redundancy zone; for Consul Enterprise.",
  },
  DisableUpgradeMigration: {
    name: "disable-upgrade-migration",
    kind: "bool",
    value: "true|false",
    help: "Whether to let newer servers vote at once; for Consul Enterprise.",
  },
  UpgradeVersionTag: {
    name: "upgrade-version-tag",
    kind: "text",
    value: "name",
    help: "Key of the nodes' metadata with the version; for Consul Enterprise.",
  },
};

export const operatorAutopilotSetConfigCommand: Command = apiCommand({
  name: "operator autopilot set-config",
  summary: "Changes the settings of Autopilot",
  synopsis: "[options]",
  about: "Changes the given settings and keeps the others.",
  examples: [{ what: "Keep failed servers", command: "operator autopilot set-config -cleanup-dead-servers=false" }],
  flags: Object.values(settings),
  asksServers: true,
  run: changeConfig,
});

async function changeConfig({ api, flags, io }: ApiCall): Promise<void> {
  const given = Object.entries(settings).filter(([, { name }]) => flags.has(name));
  const changed = Object.fromEntries(given.map(([setting, flag]) => [setting, valueOf(flags, flag)]));
  const path = "/v1/operator/autopilot/configuration";
  const config = fieldsOf(await attempting("Error querying Autopilot configuration", () => api.json(path)));
  const query = { cas: String(config["ModifyIndex"]) };
  const body = JSON.stringify({ ...config, ...changed });
  const attempted = "Error setting Autopilot configuration";
  const answer = await attempting(attempted, () => api.ok({ method: "PUT", path, query, body }));
  if (textOf(answer).trim() !== "true")
    throw new CommandFailure("Configuration could not be atomically updated, please try again");
  io.stdout("Configuration updated!\n");
}

function valueOf(flags: Flags, { name, kind, value }: CommandFlag): string | number | boolean {
  if (kind === "bool") return flags.bool(name);
  if (kind === "int") return flags.int(name, 0);
  return value === "duration" ? formatDuration(flags.durationMs(name, 0)) : (flags.text(name) ?? "");
}
