import { assert } from "../lib/assert.ts";
import { copyOf } from "../lib/copy-of.ts";
import type { CheckRow } from "../model/check.ts";
import type { KvEntry } from "../model/kv-entry.ts";
import type { LockDelay } from "../model/lock-delay.ts";
import type { NodeRow } from "../model/node.ts";
import type { PreparedQueryRow } from "../model/prepared-query.ts";
import type { ServiceRow } from "../model/service.ts";
import type { SessionRow } from "../model/session.ts";

/**
 * The bytes of each table's rows in an engine. All but keys and indexes are JSON of the model's own shape. A key's row
 * is binary, since its value is: createIndex, modifyIndex, lockIndex as float64; flags as uint64; the length of the
 * session in one byte and the session; then the value. All big-endian.
 */
export const tables = {
  nodes: "nodes",
  services: "services",
  checks: "checks",
  kv: "kv",
  sessions: "sessions",
  lockDelays: "lock-delays",
  preparedQueries: "prepared-queries",
  tombstones: "tombstones",
  /** Single values of the store itself. */
  meta: "meta",
  local: "local",
} as const;

/** The key in `tables.meta` of State.tombstoneFloor. */
export const tombstoneFloorKey = "tombstone-floor";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

type JsonRow = NodeRow | ServiceRow | CheckRow | SessionRow | LockDelay | PreparedQueryRow;

export function encodeRow(row: JsonRow): Uint8Array {
  return encoder.encode(JSON.stringify(row));
}

// These decoders trust the shape: the engine has checked each row's checksum, and only encodeRow writes these tables.
export const decodeNode = (bytes: Uint8Array): NodeRow => JSON.parse(decoder.decode(bytes)) as NodeRow;
export const decodeService = (bytes: Uint8Array): ServiceRow => JSON.parse(decoder.decode(bytes)) as ServiceRow;
export const decodeCheck = (bytes: Uint8Array): CheckRow => JSON.parse(decoder.decode(bytes)) as CheckRow;
export const decodeSession = (bytes: Uint8Array): SessionRow => JSON.parse(decoder.decode(bytes)) as SessionRow;
export const decodeLockDelay = (bytes: Uint8Array): LockDelay => JSON.parse(decoder.decode(bytes)) as LockDelay;
export const decodePreparedQuery = (bytes: Uint8Array): PreparedQueryRow =>
  JSON.parse(decoder.decode(bytes)) as PreparedQueryRow;

export function encodeIndex(index: number): Uint8Array {
  return encoder.encode(String(index));
}

export function decodeIndex(bytes: Uint8Array): number {
  const index = Number(decoder.decode(bytes));
  assert(Number.isSafeInteger(index), "a stored index is a whole number");
  return index;
}

const kvHeaderBytes = 3 * 8 + 8 + 1;

/** Filled anew for each row: a view of the row's own bytes would cost more than all the rest. */
const kvHeader = new Uint8Array(kvHeaderBytes);
const kvHeaderView = new DataView(kvHeader.buffer);
const noSession = new Uint8Array(0);

export function encodeKv(entry: KvEntry): Uint8Array {
  const session = entry.session === "" ? noSession : encoder.encode(entry.session);
  assert(session.length < 256, "a session id is short");
  kvHeaderView.setFloat64(0, entry.createIndex);
  kvHeaderView.setFloat64(8, entry.modifyIndex);
  kvHeaderView.setFloat64(16, entry.lockIndex);
  kvHeaderView.setBigUint64(24, entry.flags);
  kvHeaderView.setUint8(32, session.length);
  const bytes = new Uint8Array(kvHeaderBytes + session.length + entry.value.length);
  bytes.set(kvHeader);
  bytes.set(session, kvHeaderBytes);
  bytes.set(entry.value, kvHeaderBytes + session.length);
  return bytes;
}

export function decodeKv(key: string, bytes: Uint8Array): KvEntry {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sessionEnd = kvHeaderBytes + view.getUint8(32);
  return {
    key,
    createIndex: view.getFloat64(0),
    modifyIndex: view.getFloat64(8),
    lockIndex: view.getFloat64(16),
    flags: view.getBigUint64(24),
    session: decoder.decode(bytes.subarray(kvHeaderBytes, sessionEnd)),
    value: copyOf(bytes, sessionEnd),
  };
}
