import type { OrderedTable } from "../../lib/ordered-map.ts";
import type { LockDelay } from "../../model/lock-delay.ts";
import { kvOrder } from "../row-key.ts";
import { jsonCodec } from "../rows.ts";
import type { Table } from "./table.ts";

export interface LockDelayTables {
  /** By key, as in `kv`. */
  readonly lockDelays: OrderedTable<LockDelay>;
}

/** In no snapshot: the times are those of one run of one store. No query shows them. */
export const lockDelays: Table<LockDelay, keyof LockDelayTables> = {
  name: "lock-delays",
  rows: "lockDelays",
  key: (delay) => delay.key,
  place: kvOrder,
  ...jsonCodec<LockDelay>(),
  indexes: [],
  topics: () => [],
};
