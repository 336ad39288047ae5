import type { AutopilotSettings } from "../model/autopilot.ts";

const defaults: AutopilotSettings = {
  cleanupDeadServers: true,
  lastContactThresholdMs: 200,
  maxTrailingLogs: 250,
  minQuorum: 0,
  serverStabilizationMs: 10_000,
  redundancyZoneTag: "",
  disableUpgradeMigration: false,
  upgradeVersionTag: "",
};

/** Consul's Autopilot settings, in memory only: a single server has no use for them. */
export class Autopilot {
  #settings = defaults;
  #modifyIndex = 1;

  get settings(): AutopilotSettings {
    return this.#settings;
  }

  /** Rises with each change; 1 for the defaults. */
  get modifyIndex(): number {
    return this.#modifyIndex;
  }

  /** Replaces the settings; with `cas` only if it is their index. Returns whether they were replaced. */
  set(settings: AutopilotSettings, cas: number | undefined): boolean {
    if (cas !== undefined && cas !== this.#modifyIndex) return false;
    this.#settings = settings;
    this.#modifyIndex += 1;
    return true;
  }
}
