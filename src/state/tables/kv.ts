import { assert } from "../../lib/assert.ts";
import { copyOf } from "../../lib/copy-of.ts";
import type { OrderedTable } from "../../lib/ordered-map.ts";
import type { KvEntry } from "../../model/kv-entry.ts";
import { valueOrigins } from "../../model/value-origin.ts";
import { kvOrder, rowKey } from "../row-key.ts";
import { topics } from "../topics.ts";
import { record, rowIndexes, text } from "./shape.ts";
import { nowhere, quote, type Table } from "./table.ts";

export interface KvTables {
  /** All entries, in the order of their keys' UTF-8 bytes (see kvOrder). */
  readonly kv: OrderedTable<KvEntry>;
  /** The keys in `kv` of all locked entries, in order of session id and key. */
  readonly sessionKeys: OrderedTable<string>;
}

export const kv: Table<KvEntry, keyof KvTables> = {
  name: "kv",
  rows: "kv",
  key: (entry) => entry.key,
  place: kvOrder,
  encode: encodeKv,
  decode: decodeKv,
  isSound: record({ key: text, lockIndex: rowIndexes.modifyIndex, session: text, ...rowIndexes }),
  indexes: [
    {
      name: "sessionKeys",
      places: ({ session, key }) => (session === "" ? nowhere : [rowKey(session) + kvOrder(key)]),
      value: ({ key }) => kvOrder(key),
    },
  ],
  mayRead: ({ key }, rights) => rights.may("key", "read", key),
  topics: ({ key }) => [topics.key(key)],
  hasTopicPerRow: true,
  missing: ({ key, session }, { sessions }) =>
    session === "" || sessions.get(rowKey(session))
      ? undefined
      : `the key ${quote(key)} is locked by the session ${quote(session)}, which is missing`,
};

/*
 * A row is binary, since its value can be any bytes. All numbers are big-endian: createIndex, modifyIndex and lockIndex as
 * float64, flags as uint64, the length of the session id in one byte, the session id, the value. If the highest bit of the session's
 * length is set, the number of the origin follows in one byte; so a value of unknown origin has the row that it always had.
 */
const headerBytes = 3 * 8 + 8 + 1;
const hasOrigin = 0x80;

/** A buffer that encoding reuses for the header of each row: allocating a view for each row would be the largest cost. */
const header = new Uint8Array(headerBytes);
const headerView = new DataView(header.buffer);
const noSession = new Uint8Array(0);

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

function encodeKv(entry: KvEntry): Uint8Array {
  const session = entry.session === "" ? noSession : encoder.encode(entry.session);
  assert(session.length < hasOrigin, "a session id is short");
  headerView.setFloat64(0, entry.createIndex);
  headerView.setFloat64(8, entry.modifyIndex);
  headerView.setFloat64(16, entry.lockIndex);
  headerView.setBigUint64(24, entry.flags);
  const origin = valueOrigins.indexOf(entry.origin);
  headerView.setUint8(32, session.length + (origin > 0 ? hasOrigin : 0));
  const sessionAt = headerBytes + (origin > 0 ? 1 : 0);
  const bytes = new Uint8Array(sessionAt + session.length + entry.value.length);
  bytes.set(header);
  if (origin > 0) bytes[headerBytes] = origin;
  bytes.set(session, sessionAt);
  bytes.set(entry.value, sessionAt + session.length);
  return bytes;
}

function decodeKv(bytes: Uint8Array, key: string): KvEntry {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const mark = view.getUint8(32);
  const isMarked = mark >= hasOrigin;
  const sessionAt = headerBytes + (isMarked ? 1 : 0);
  const sessionEnd = sessionAt + (isMarked ? mark - hasOrigin : mark);
  return {
    key,
    createIndex: view.getFloat64(0),
    modifyIndex: view.getFloat64(8),
    lockIndex: view.getFloat64(16),
    flags: view.getBigUint64(24),
    session: decoder.decode(bytes.subarray(sessionAt, sessionEnd)),
    origin: isMarked ? (valueOrigins[view.getUint8(headerBytes)] ?? "") : "",
    value: copyOf(bytes, sessionEnd),
  };
}
