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

/** In memory only: nothing here acts on the settings, so there is nothing to lose. */
export class Autopilot {
  #settings = defaults;
  #modifyIndex = 1;

  get settings(): AutopilotSettings {
    return this.#settings;
  }

  /** Counts the changes; the first settings have 1. */
  get modifyIndex(): number {
    return this.#modifyIndex;
  }

  /** With `cas` only if the settings have that index; says whether they were taken. */
  set(settings: AutopilotSettings, cas: number | undefined): boolean {
    if (cas !== undefined && cas !== this.#modifyIndex) return false;
    this.#settings = settings;
    this.#modifyIndex += 1;
    return true;
  }
}
