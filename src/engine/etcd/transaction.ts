import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CompareSchema, Event, KeyValue, RequestOpSchema, TxnResponse } from "./generated/etcd_pb.ts";

type Compare = MessageInitShape<typeof CompareSchema>;
type Operation = MessageInitShape<typeof RequestOpSchema>;

/** Numbers of etcd's enumerations, see etcd.proto. */
const target = { create: 1, mod: 2 };
const eventPut = 0;
/** The filter by which a watch leaves out deletions. */
export const withoutDeletions = 1;

/** Returns the comparison that holds while the key has this create revision; 0 means that the key does not exist. */
export function createdAt(key: Uint8Array, revision: bigint): Compare {
  return {
    target: target.create,
    key,
    targetUnion: { case: "createRevision", value: revision },
  };
}

/** Returns the comparison that holds while the key's last change was at this revision; 0 means that the key does not exist. */
export function changedAt(key: Uint8Array, revision: bigint): Compare {
  return {
    target: target.mod,
    key,
    targetUnion: { case: "modRevision", value: revision },
  };
}

export function put(key: Uint8Array, value: Uint8Array | string, lease = 0n): Operation {
  return {
    request: {
      case: "requestPut",
      value: { key, value: typeof value === "string" ? Buffer.from(value) : value, lease },
    },
  };
}

/** Returns the operation that reads a key, or up to `limit` keys from it to before `end`. */
export function get(key: Uint8Array, end?: Uint8Array, limit = 0): Operation {
  const range = end ? { rangeEnd: end, limit: BigInt(limit) } : {};
  return { request: { case: "requestRange", value: { key, ...range } } };
}

/** Returns the operation that deletes the keys from `from` to before `end`. */
export function drop(from: Uint8Array, end: Uint8Array): Operation {
  return { request: { case: "requestDeleteRange", value: { key: from, rangeEnd: end } } };
}

/** Returns the keys that a read of the transaction has found; `at` is the place of the read among the operations. */
export function readAt({ responses }: TxnResponse, at: number): readonly KeyValue[] {
  const response = responses[at]?.response;
  return response?.case === "responseRange" ? response.value.kvs : [];
}

/** Returns the key that the event reports as put; undefined if it was deleted. */
export function putOf({ type, kv }: Event): KeyValue | undefined {
  return type === eventPut ? kv : undefined;
}
