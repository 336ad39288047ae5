import type { OrderedTable } from "../../lib/ordered-map.ts";
import { jsonCodec } from "../rows.ts";
import { record, rowIndexes, text } from "./shape.ts";
import { samePlace, type Table } from "./table.ts";

/** From where on the past of keys is known. */
export interface KvHistoryFloor {
  /** The state at this index, and at each later one, can be told from the kept changes. */
  readonly modifyIndex: number;
  readonly createIndex: number;
  /** The prefixes whose changes were left out and kept when the last change was made, as `prefixesLeftOut` returns them. */
  readonly leftOut: string;
}

export interface KvHistoryFloorTables {
  /** The floor under the key `historyFloorKey`; empty until a key changes. */
  readonly kvHistoryFloor: OrderedTable<KvHistoryFloor>;
}

export const historyFloorKey = "floor";

export const kvHistoryFloor: Table<KvHistoryFloor, keyof KvHistoryFloorTables> = {
  name: "kv-history-floor",
  rows: "kvHistoryFloor",
  key: () => historyFloorKey,
  place: samePlace,
  ...jsonCodec<KvHistoryFloor>(),
  isSound: record({ leftOut: text, ...rowIndexes }),
  indexes: [],
  mayRead: () => true,
  topics: () => [],
};
