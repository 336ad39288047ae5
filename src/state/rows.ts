import { assert } from "../lib/assert.ts";

/** Names of the tables for the store's internal use, which have no descriptor in `tables/`. */
export const storeTables = {
  /** Key: a topic. Value: the index of the last write that removed a row from this topic. */
  tombstones: "tombstones",
  /** Single values by name, such as the tombstone floor. */
  meta: "meta",
  /** Key: the id of a server. Value: its newest forwarded writes in the log, with their outcomes (OriginRow). */
  origins: "origins",
  /** Rows that only this agent uses (LocalRows). They are not part of the state. */
  local: "local",
} as const;

/** The key of State.tombstoneFloor in the table `storeTables.meta`. */
export const tombstoneFloorKey = "tombstone-floor";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Encodes and decodes rows as JSON with the fields of the model. */
export interface JsonCodec<Row> {
  encode(row: Row): Uint8Array;
  decode(bytes: Uint8Array): Row;
}

export function jsonCodec<Row>(): JsonCodec<Row> {
  return {
    encode: (row) => encoder.encode(JSON.stringify(row)),
    // Does not check the fields: the engine has verified each row's checksum, and a table's isSound checks rows of a snapshot.
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
