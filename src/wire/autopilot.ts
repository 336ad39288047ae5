import { formatDuration } from "../lib/duration.ts";
import type { AutopilotRow, AutopilotSettings } from "../model/autopilot.ts";
import { durationField } from "./json-duration.ts";
import { decodeFailure } from "./json.ts";
import { fieldNames, JsonFields } from "./json-fields.ts";

/** Decodes the body of operator/autopilot/configuration. @throws OperatingError invalid, code "decode" */
export function decodeAutopilot(json: unknown): AutopilotSettings {
  const fields = new JsonFields(json, { names, source: "api", where, goPackage: "api" });
  return {
    cleanupDeadServers: fields.bool("CleanupDeadServers"),
    lastContactThresholdMs: durationField(fields, "LastContactThreshold", "api"),
    maxTrailingLogs: count(fields, "MaxTrailingLogs", "uint64"),
    minQuorum: count(fields, "MinQuorum", "uint"),
    serverStabilizationMs: durationField(fields, "ServerStabilizationTime", "api"),
    redundancyZoneTag: fields.string("RedundancyZoneTag"),
    disableUpgradeMigration: fields.bool("DisableUpgradeMigration"),
    upgradeVersionTag: fields.string("UpgradeVersionTag"),
  };
}

function count(fields: JsonFields, field: string, goType: string): number {
  const value = fields.raw(field) ?? 0;
  if (typeof value !== "number") throw fields.mismatch(field, value, goType);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw decodeFailure(
    `json: cannot unmarshal number ${value} into Go struct field ${where}.${field} of type ${goType}`,
  );
}

const where = "AutopilotConfiguration";
const names = fieldNames([
  "CleanupDeadServers",
  "LastContactThreshold",
  "MaxTrailingLogs",
  "MinQuorum",
  "ServerStabilizationTime",
  "RedundancyZoneTag",
  "DisableUpgradeMigration",
  "UpgradeVersionTag",
  "CreateIndex",
  "ModifyIndex",
]);

export function encodeAutopilot(settings: AutopilotRow): object {
  return {
    CleanupDeadServers: settings.cleanupDeadServers,
    LastContactThreshold: formatDuration(settings.lastContactThresholdMs),
    MaxTrailingLogs: settings.maxTrailingLogs,
    MinQuorum: settings.minQuorum,
    ServerStabilizationTime: formatDuration(settings.serverStabilizationMs),
    RedundancyZoneTag: settings.redundancyZoneTag,
    DisableUpgradeMigration: settings.disableUpgradeMigration,
    UpgradeVersionTag: settings.upgradeVersionTag,
    CreateIndex: settings.createIndex,
    ModifyIndex: settings.modifyIndex,
  };
}
