import { assert } from "../../lib/assert.ts";
import { copyOf } from "../../lib/copy-of.ts";
import type { OrderedTable } from "../../lib/ordered-map.ts";
import type { Cause, KvChange } from "../../model/kv-history.ts";
import { valueOrigins } from "../../model/value-origin.ts";
import { kvOrder } from "../row-key.ts";
import { samePlace, type Table } from "./table.ts";

/**
 * A kept change, as the engine stores it. It stays packed in memory, where most changes are never looked at; `unpackChange` has
 * its parts.
 */
export interface KvHistoryRow {
  /** Index and step of the change: see `changePlace`. */
  readonly place: string;
  readonly packed: Uint8Array;
}

export interface KvHistoryTables {
  /** All kept changes, in the order in which they were made. */
  readonly kvChanges: OrderedTable<KvHistoryRow>;
  /** The kept changes of each key, the oldest first, in the order of the keys. */
  readonly kvPasts: OrderedTable<readonly KvHistoryRow[]>;
}

export const kvHistory: Table<KvHistoryRow, keyof KvHistoryTables> = {
  name: "kv-history",
  rows: "kvChanges",
  key: ({ place }) => place,
  place: samePlace,
  encode: ({ packed }) => packed,
  decode: (bytes, place) => ({ place, packed: new Uint8Array(bytes) }),
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the value comes from `decode`
  isSound: (value) => isSoundChange(value as KvHistoryRow),
  indexes: [{ name: "kvPasts", isGrouped: true, places: (row) => [kvOrder(keyOfChange(row))] }],
  mayRead: (row, rights) => rights.may("key", "read", keyOfChange(row)),
  // A change touches the topic of its key, and a dropped one changes no answer but that of its history.
  topics: () => [],
  weight: ({ place, packed }) => place.length + packed.length,
};

const indexDigits = 12;
const stepDigits = 6;

/** Returns the place of a change among all changes: its index, and its step among those of the index, in hex. */
export function changePlace(index: number, step = 0): string {
  return hex(index, indexDigits) + hex(step, stepDigits);
}

function hex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, "0");
}

export function indexOfChange({ place }: KvHistoryRow): number {
  return Number.parseInt(place.slice(0, indexDigits), 16);
}

function stepOf({ place }: KvHistoryRow): number {
  return Number.parseInt(place.slice(indexDigits), 16);
}

/*
 * The packed form, all numbers big-endian: the change's time as float64; its number as uint32; createIndex, modifyIndex and flags
 * of the previous entry as float64, float64 and uint64, all 0 if there was none; the key and the six texts of the cause, each after
 * its length as uint16; the previous value. The last text is at most 255 bytes long, and the high byte of its length is the number
 * of the previous entry's origin.
 */
const headerBytes = 8 + 4 + 8 + 8 + 8;
const createAt = 12;
const modifyAt = 20;
const flagsAt = 28;

/**
 * A buffer for the header of each row, written or read, and one for its key. A view of each row would cost more than all else, and
 * twice the row's memory.
 */
const header = new Uint8Array(headerBytes);
const headerView = new DataView(header.buffer);
const keyBuffer = new Uint8Array(0xffff);

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });
const causeFields = ["accessorId", "tokenName", "address", "client", "reason", "means"] as const;

/** The packed texts of the last cause: most writers make many changes. */
let packedCause: { readonly cause: Cause; readonly bytes: Uint8Array } | undefined;

/** Packs a change. A key of more than 65,535 bytes cannot be packed: see `isPackable`. */
export function packChange({ key, index, number, step, atMs, cause, previous }: KvChange): KvHistoryRow {
  headerView.setFloat64(0, atMs);
  headerView.setUint32(8, number);
  headerView.setFloat64(createAt, previous?.createIndex ?? 0);
  headerView.setFloat64(modifyAt, previous?.modifyIndex ?? 0);
  headerView.setBigUint64(flagsAt, previous?.flags ?? 0n);
  const { written } = encoder.encodeInto(key, keyBuffer);
  const texts = packCause(cause);
  const value = previous?.value ?? noValue;
  const keyEnd = headerBytes + 2 + written;
  const packed = new Uint8Array(keyEnd + texts.length + value.length);
  packed.set(header);
  packed[headerBytes] = written >> 8;
  packed[headerBytes + 1] = written & 0xff;
  packed.set(keyBuffer.subarray(0, written), headerBytes + 2);
  packed.set(texts, keyEnd);
  packed[keyEnd + originPlace(texts, cause)] = previous ? valueOrigins.indexOf(previous.origin) : 0;
  packed.set(value, keyEnd + texts.length);
  const row = { place: changePlace(index, step), packed };
  lastPacked = { row, key };
  return row;
}

/** The row that was packed last, with its key: each caller that packs a row looks for its place next. */
let lastPacked: { readonly row: KvHistoryRow; readonly key: string } | undefined;

/** Returns whether a key is short enough. Keys of servers come in URLs, which are shorter. */
export function isPackable(key: string): boolean {
  return key.length * 3 <= 0xffff;
}

const noValue = new Uint8Array(0);

/** Returns the place of the previous entry's origin in the packed texts: the high byte of the last text's length. */
function originPlace(texts: Uint8Array, { means }: Cause): number {
  return texts.length - 2 - means.length;
}

function packCause(cause: Cause): Uint8Array {
  assert(/^[a-z ]{0,20}$/.test(cause.means), "the means of a change is one or two short words");
  if (packedCause?.cause === cause) return packedCause.bytes;
  if (packedCause && causeFields.every((field) => packedCause?.cause[field] === cause[field])) return packedCause.bytes;
  const texts = causeFields.map((field) => encoder.encode(cause[field]));
  const bytes = new Uint8Array(texts.reduce((sum, { length }) => sum + 2 + length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const text of texts) {
    view.setUint16(at, text.length);
    bytes.set(text, at + 2);
    at += 2 + text.length;
  }
  packedCause = { cause, bytes };
  return bytes;
}

export function unpackChange(row: KvHistoryRow): KvChange {
  // A copy, since views are taken of it, and a view would double the memory of the row.
  const packed = new Uint8Array(row.packed);
  const view = new DataView(packed.buffer);
  const texts: string[] = [];
  let at = headerBytes;
  let origin = 0;
  for (let each = 0; each <= causeFields.length; each++) {
    const isLast = each === causeFields.length;
    if (isLast) origin = view.getUint8(at);
    const end = at + 2 + (isLast ? view.getUint8(at + 1) : view.getUint16(at));
    texts.push(decoder.decode(packed.subarray(at + 2, end)));
    at = end;
  }
  const [key = "", accessorId = "", tokenName = "", address = "", client = "", reason = "", means = ""] = texts;
  const modifyIndex = view.getFloat64(modifyAt);
  const previous = {
    ...{ key, createIndex: view.getFloat64(createAt), modifyIndex, flags: view.getBigUint64(flagsAt) },
    ...{ value: copyOf(packed, at), session: "", lockIndex: 0, origin: valueOrigins[origin] ?? "" },
  };
  return {
    ...{ key, index: indexOfChange(row), number: view.getUint32(8), step: stepOf(row), atMs: view.getFloat64(0) },
    cause: { accessorId, tokenName, address, client, reason, means },
    previous: modifyIndex === 0 ? undefined : previous,
  };
}

export function keyOfChange(row: KvHistoryRow): string {
  if (lastPacked?.row === row) return lastPacked.key;
  const { packed } = row;
  const length = lengthAt(packed, headerBytes);
  for (let at = 0; at < length; at++) keyBuffer[at] = packed[headerBytes + 2 + at] ?? 0;
  return decoder.decode(keyBuffer.subarray(0, length));
}

function lengthAt(packed: Uint8Array, at: number): number {
  return (packed[at] ?? 0) * 256 + (packed[at + 1] ?? 0);
}

/** Returns the view of a row's header up to `end`, which is valid until the next call. */
function viewOf({ packed }: KvHistoryRow, end: number): DataView {
  for (let at = 0; at < end; at++) header[at] = packed[at] ?? 0;
  return headerView;
}

export function atMsOf(row: KvHistoryRow): number {
  return viewOf(row, 8).getFloat64(0);
}

export function numberOf(row: KvHistoryRow): number {
  return viewOf(row, createAt).getUint32(8);
}

/** Returns whether a change has this cause, by its packed texts. */
export function hasCause({ packed }: KvHistoryRow, cause: Cause): boolean {
  const start = headerBytes + 2 + lengthAt(packed, headerBytes);
  const texts = packCause(cause);
  const originAt = originPlace(texts, cause);
  for (let at = 0; at < texts.length; at++) if (at !== originAt && texts[at] !== packed[start + at]) return false;
  return true;
}

function isSoundChange(row: KvHistoryRow): boolean {
  const { index, number, step, previous, atMs } = unpackChange(row);
  const isBefore =
    previous === undefined || (previous.createIndex <= previous.modifyIndex && previous.modifyIndex < index);
  return number > 0 && Number.isFinite(atMs) && isBefore && changePlace(index, step) === row.place;
}
