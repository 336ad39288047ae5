import { assert } from "../lib/assert.ts";

/** Tables of the store itself, which have no descriptor in `tables/`. */
export const storeTables = {
  /** Key: a topic. Value: the index of the write that took a row from it. */
  tombstones: "tombstones",
  /** Single values. */
  meta: "meta",
  /** Rows that only this agent uses (LocalRows). They are not part of the state. */
  local: "local",
} as const;

/** The key in `storeTables.meta` of State.tombstoneFloor. */
export const tombstoneFloorKey = "tombstone-floor";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** How a table keeps rows as JSON of the model's shape. */
export interface JsonCodec<Row> {
  encode(row: Row): Uint8Array;
  decode(bytes: Uint8Array): Row;
}

export function jsonCodec<Row>(): JsonCodec<Row> {
  return {
    encode: (row) => encoder.encode(JSON.stringify(row)),
    // Trusts the shape: the engine has checked each row's checksum, and a snapshot's rows are checked by the table's isSound.
    decode: (bytes) => JSON.parse(decoder.decode(bytes)) as Row,
  };
}

export function encodeIndex(index: number): Uint8Array {
  return encoder.encode(String(index));
}

export function decodeIndex(bytes: Uint8Array): number {
  const index = Number(decoder.decode(bytes));
  assert(Number.isSafeInteger(index), "a stored index is a whole number");
  return index;
}
