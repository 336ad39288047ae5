import type { OrderedTable } from "../../lib/ordered-map.ts";
import { type HeldContent, kvTrialOutcomes, type KvTrialKey, type KvTrialRow } from "../../model/kv-trial.ts";
import { type ValueOrigin, valueOrigins } from "../../model/value-origin.ts";
import { rowKey } from "../row-key.ts";
import { jsonCodec } from "../rows.ts";
import { topics } from "../topics.ts";
import { boolean, list, oneOf, orAbsent, orNull, record, rowIndexes, type Shape, text } from "./shape.ts";
import { samePlace, type Table } from "./table.ts";

export interface KvTrialTables {
  /** The pending trials and the records of the newest ended ones, by id. */
  readonly kvTrials: OrderedTable<KvTrialRow>;
}

const count: Shape = rowIndexes.modifyIndex;
/** A wall time that a Date can hold, also when the longest stage is added to it. */
const time: Shape = (value) => Number.isFinite(value) && Math.abs(Number(value)) < 8e15;
/** The past of the keys has the texts of a cause with their lengths in 16 bits. */
const causeText: Shape = (value) => text(value) && String(value).length <= 1_000;
const cause = record({
  ...{ accessorId: causeText, tokenName: causeText, address: causeText, client: causeText },
  ...{ reason: causeText, means: causeText },
});
const content = record({
  value: (value) => value instanceof Uint8Array,
  flags: (value) => typeof value === "bigint" && value >= 0n && value < 2n ** 64n,
  origin: oneOf(valueOrigins),
});

export const kvTrials: Table<KvTrialRow, keyof KvTrialTables> = {
  name: "kv-trials",
  rows: "kvTrials",
  key: ({ id }) => rowKey(id),
  place: samePlace,
  encode: (row) => codec.encode({ ...row, keys: row.keys.map(storeKey) }),
  decode(bytes) {
    const stored = codec.decode(bytes);
    return { ...stored, keys: stored.keys.map(readKey) };
  },
  isSound: record({
    ...{ id: text, services: list(text), stageMs: count, needsConfirm: boolean, cause, startedMs: time },
    ...{ stage: count, stages: count, stagedMs: time, outcome: oneOf(kvTrialOutcomes), why: text },
    ended: orNull(record({ cause, atMs: time })),
    keys: list(
      record({
        ...{ key: text, stage: count, operation: oneOf(["set", "delete"]), seen: count },
        ...{ state: oneOf(["waiting", "changed", "restored", "left"]), content: orAbsent(content) },
      }),
    ),
    ...rowIndexes,
  }),
  indexes: [],
  mayRead: ({ keys }, rights) => keys.every(({ key }) => rights.may("key", "read", key)),
  topics: () => [topics.kvTrials],
};

/** A key as it is stored: the value in base64, and the flags as text, since JSON has no number of 64 bits. */
type StoredKey = Omit<KvTrialKey, "content"> & {
  readonly value?: string;
  readonly flags?: string;
  readonly origin?: ValueOrigin;
};

const codec = jsonCodec<Omit<KvTrialRow, "keys"> & { readonly keys: readonly StoredKey[] }>();

function storeKey({ content: held, ...key }: KvTrialKey): StoredKey {
  return held ? { ...key, ...held, value: held.value.toBase64(), flags: String(held.flags) } : key;
}

function readKey({ value, flags = "0", origin = "", ...key }: StoredKey): KvTrialKey {
  const content = value === undefined ? undefined : readContent({ value, flags, origin });
  return { ...key, content };
}

function readContent({ value, flags, origin }: Required<Pick<StoredKey, "value" | "flags" | "origin">>): HeldContent {
  return { value: Uint8Array.fromBase64(value), flags: BigInt(flags), origin };
}
