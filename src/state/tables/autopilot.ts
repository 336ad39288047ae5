import type { OrderedTable } from "../../lib/ordered-map.ts";
import type { AutopilotRow } from "../../model/autopilot.ts";
import { jsonCodec } from "../rows.ts";
import { boolean, number, record, rowIndexes, text } from "./shape.ts";
import { samePlace, type Table } from "./table.ts";

export interface AutopilotTables {
  /** The settings of autopilot under the key `autopilotKey`; empty until an operator changes them. */
  readonly autopilot: OrderedTable<AutopilotRow>;
}

export const autopilotKey = "settings";

export const autopilot: Table<AutopilotRow, keyof AutopilotTables> = {
  name: "autopilot",
  rows: "autopilot",
  key: () => autopilotKey,
  place: samePlace,
  ...jsonCodec<AutopilotRow>(),
  isSound: record({
    ...{ cleanupDeadServers: boolean, lastContactThresholdMs: number, maxTrailingLogs: number, minQuorum: number },
    ...{ serverStabilizationMs: number, redundancyZoneTag: text, disableUpgradeMigration: boolean },
    ...{ upgradeVersionTag: text, ...rowIndexes },
  }),
  indexes: [],
  // The endpoint asks for the right to read it.
  mayRead: () => true,
  topics: () => [],
};
