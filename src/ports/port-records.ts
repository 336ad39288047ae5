import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { KvEntry } from "../model/kv-entry.ts";
import { portRecordFolder, type PortRecord } from "../model/port-record.ts";
import type { KvOperation } from "../model/txn.ts";
import { kvEntry, kvTree } from "../registry/kv.ts";
import type { Query } from "../registry/query.ts";
import { decodePortRecord, encodePortRecord } from "../wire/port-record.ts";
import { renderGoJson } from "../wire/go-json.ts";

/** The fields of a port record that a caller sets; `nextRecord` adds the other fields. */
export type PortChange = Omit<PortRecord, "id" | "revision" | "at">;

/** Returns the record that replaces `known`. It keeps the id while host, old port and new port stay the same. */
export function nextRecord(
  known: PortRecord | undefined,
  change: PortChange,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): PortRecord {
  const isSame = known?.oldPort === change.oldPort && known.newPort === change.newPort && known.host === change.host;
  return {
    ...change,
    id: isSame ? known.id : random.uuid(),
    revision: (known?.revision ?? 0) + 1,
    at: new Date(clock.wallMs()).toISOString(),
  };
}

export function portRecordKey(service: string): string {
  return portRecordFolder + service;
}

export function portRecordBytes(record: PortRecord): Uint8Array {
  return new TextEncoder().encode(renderGoJson(encodePortRecord(record), { pretty: false }));
}

/** Returns the transaction operation that writes the record. */
export function writingRecord(record: PortRecord): KvOperation {
  return {
    kind: "kv",
    verb: "set",
    key: portRecordKey(record.service),
    value: portRecordBytes(record),
    flags: 0n,
    index: 0,
    session: "",
  };
}

/** Returns the query of all port records, sorted by service. */
export function portRecordList(): Query<readonly PortRecord[]> {
  const tree = kvTree(portRecordFolder);
  return { topics: tree.topics, read: (state) => tree.read(state).flatMap((entry) => decoded(entry) ?? []) };
}

export function portRecordOf(service: string): Query<PortRecord | undefined> {
  const one = kvEntry(portRecordKey(service));
  return { topics: one.topics, read: (state) => decoded(one.read(state)) };
}

function decoded(entry: KvEntry | undefined): PortRecord | undefined {
  return entry && decodePortRecord(entry.value);
}
