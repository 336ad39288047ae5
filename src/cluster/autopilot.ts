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

/** Consul's Autopilot settings. They are in memory only, because they have no effect on a single server. */
export class Autopilot {
  #settings = defaults;
  #modifyIndex = 1;

  get settings(): AutopilotSettings {
    return this.#settings;
  }

  /** The index of the settings: 1 for the defaults, and one more after each change. */
  get modifyIndex(): number {
    return this.#modifyIndex;
  }

  /** Replaces the settings; if `cas` is given, only if `cas` equals the settings' index. Returns whether they were replaced. */
  set(settings: AutopilotSettings, cas: number | undefined): boolean {
    if (cas !== undefined && cas !== this.#modifyIndex) return false;
    this.#settings = settings;
    this.#modifyIndex += 1;
    return true;
  }
}
