import type { RowIndexes } from "./node.ts";

/**
 * Consul's autopilot settings, in the order in which Consul shows them. The leader judges the health of the servers by
 * `lastContactThresholdMs` and `maxTrailingLogs`; the others are stored and shown without an effect.
 */
export interface AutopilotSettings {
  readonly cleanupDeadServers: boolean;
  readonly lastContactThresholdMs: number;
  readonly maxTrailingLogs: number;
  readonly minQuorum: number;
  readonly serverStabilizationMs: number;
  readonly redundancyZoneTag: string;
  readonly disableUpgradeMigration: boolean;
  readonly upgradeVersionTag: string;
}

export type AutopilotRow = AutopilotSettings & RowIndexes;

/** The settings until an operator changes them. */
export const defaultAutopilot: AutopilotRow = {
  cleanupDeadServers: true,
  lastContactThresholdMs: 200,
  maxTrailingLogs: 250,
  minQuorum: 0,
  serverStabilizationMs: 10_000,
  redundancyZoneTag: "",
  disableUpgradeMigration: false,
  upgradeVersionTag: "",
  ...{ createIndex: 1, modifyIndex: 1 },
};
