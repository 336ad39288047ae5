import type { OrderedTable } from "../../lib/ordered-map.ts";
import type { LockDelay } from "../../model/lock-delay.ts";
import { kvOrder } from "../row-key.ts";
import { jsonCodec } from "../rows.ts";
import type { Table } from "./table.ts";

export interface LockDelayTables {
  /** All lock delays, in order of key as in `kv`. */
  readonly lockDelays: OrderedTable<LockDelay>;
}

/** A snapshot does not include these rows, because their times are valid only for this store. No query returns them. */
export const lockDelays: Table<LockDelay, keyof LockDelayTables> = {
  name: "lock-delays",
  rows: "lockDelays",
  key: (delay) => delay.key,
  place: kvOrder,
  ...jsonCodec<LockDelay>(),
  indexes: [],
  mayRead: () => true,
  topics: () => [],
};
