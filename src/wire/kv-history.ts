import type { KvEntry } from "../model/kv-entry.ts";
import type { Cause, KvChange } from "../model/kv-history.ts";
import type { ValueOrigin } from "../model/value-origin.ts";

/** A version of a key in the answer of /v1/praetor/kv-history. */
export interface KvVersionJson {
  readonly Key: string;
  /** The index of the change that made it. */
  readonly Index: number;
  readonly Operation: "set" | "delete" | "lock";
  /** When it was made, in the format of RFC 3339; absent for the first version of a key. */
  readonly Time?: string;
  /** Its author; absent for the first version of a key. */
  readonly By?: KvAuthorJson;
  /** The reason that the client gave. */
  readonly Reason?: string;
  /** The means of the change, if it was no plain write: "rollback", "reset", "trial" or "trial undone". */
  readonly Means?: string;
  /** Where the value comes from; absent if that is not known. */
  readonly Origin?: ValueOrigin;
  /** The value, in base64; null if it is empty, absent if the change deleted the key. */
  readonly Value?: string | null;
  /** The length of the value in bytes. */
  readonly Size?: number;
  readonly Flags?: bigint;
  /** The index of the value, which is above Index if it is the last one of a burst. */
  readonly ModifyIndex?: number;
}

export interface KvAuthorJson {
  readonly AccessorID: string;
  readonly Token: string;
  readonly Address: string;
  readonly Client: string;
}

interface Version {
  readonly key: string;
  readonly index: number;
  readonly change: KvChange | undefined;
  readonly entry: KvEntry | undefined;
  readonly became: "value" | "nothing" | "lock";
}

const operations = { value: "set", nothing: "delete", lock: "lock" } as const;

/** Encodes a version of a key. @param withValue whether the value comes along, or its size only */
export function encodeKvVersion(version: Version, { withValue }: { readonly withValue: boolean }): KvVersionJson {
  const { key, index, change, entry, became } = version;
  return {
    ...{ Key: key, Index: index, Operation: operations[became] },
    ...(change && encodeChange(change)),
    ...(entry && encodeOrigin(entry)),
    ...(entry && {
      ...(withValue && { Value: encodeValue(entry) }),
      ...{ Size: entry.value.length, Flags: entry.flags, ModifyIndex: entry.modifyIndex },
    }),
  };
}

function encodeOrigin({ origin }: KvEntry): Pick<KvVersionJson, "Origin"> {
  return origin === "" ? {} : { Origin: origin };
}

function encodeChange({ atMs, cause }: KvChange): Partial<KvVersionJson> {
  const { reason, means } = cause;
  return {
    Time: new Date(atMs).toISOString(),
    By: encodeKvAuthor(cause),
    ...(reason !== "" && { Reason: reason }),
    ...(means !== "" && { Means: means }),
  };
}

export function encodeKvAuthor({ accessorId, tokenName, address, client }: Cause): KvAuthorJson {
  return { AccessorID: accessorId, Token: tokenName, Address: address, Client: client };
}

function encodeValue({ value }: KvEntry): string | null {
  return value.length === 0 ? null : value.toBase64();
}

/** Where the present value of a key comes from, in the answer of /v1/praetor/kv-origin. */
export interface KvOriginJson extends Pick<KvVersionJson, "Key" | "Origin" | "Time" | "By" | "Reason" | "Means"> {
  /** The index of the value. */
  readonly ModifyIndex: number;
  /** The services that do not use it, since a variable of their environment has another value. */
  readonly HiddenBy: readonly HidingServiceJson[];
}

export interface HidingServiceJson {
  readonly Service: string;
  readonly Node: string;
  readonly Variable: string;
}

interface KvOrigin {
  readonly entry: KvEntry;
  readonly change: KvChange | undefined;
  readonly hiddenBy: readonly { readonly service: string; readonly node: string; readonly variable: string }[];
}

export function encodeKvOrigin({ entry, change, hiddenBy }: KvOrigin): KvOriginJson {
  return {
    ...{ Key: entry.key, ...encodeOrigin(entry), ModifyIndex: entry.modifyIndex },
    ...(change && encodeChange(change)),
    HiddenBy: hiddenBy.map(({ service, node, variable }) => ({ Service: service, Node: node, Variable: variable })),
  };
}

/** How a key differs between two moments, in the answers of /v1/praetor/kv-diff, kv-rollback and kv-reset. */
export interface KvDifferenceJson {
  readonly Key: string;
  readonly Operation: "added" | "changed" | "removed";
  readonly Before: KvSideJson | null;
  readonly After: KvSideJson | null;
}

export interface KvSideJson {
  readonly Value: string | null;
  readonly Flags: bigint;
  readonly ModifyIndex: number;
}

interface Difference {
  readonly key: string;
  readonly before: KvEntry | undefined;
  readonly after: KvEntry | undefined;
}

export function encodeKvDifference({ key, before, after }: Difference): KvDifferenceJson {
  return {
    Key: key,
    Operation: before && after ? "changed" : after ? "added" : "removed",
    Before: encodeSide(before),
    After: encodeSide(after),
  };
}

function encodeSide(entry: KvEntry | undefined): KvSideJson | null {
  return entry ? { Value: encodeValue(entry), Flags: entry.flags, ModifyIndex: entry.modifyIndex } : null;
}

/** The data of an event "changes" of a stream of changes. */
export interface KvChangeSetJson {
  readonly Index: number;
  readonly Changes: readonly KvStreamChangeJson[];
}

export interface KvStreamChangeJson {
  readonly Key: string;
  readonly Operation: "set" | "delete" | "lock";
  /** The value, in base64; null if it is empty, absent if the key has none any more. */
  readonly Value?: string | null;
  readonly Flags?: bigint;
  /** The index of the value before; 0 if there was none. */
  readonly PreviousIndex: number;
}

interface StreamChange extends Pick<Version, "key" | "entry" | "became"> {
  readonly previousIndex: number;
}

export function encodeKvChangeSet(index: number, changes: readonly StreamChange[]): KvChangeSetJson {
  return {
    Index: index,
    Changes: changes.map(({ key, entry, became, previousIndex }) => ({
      ...{ Key: key, Operation: operations[became] },
      ...(entry && { Value: encodeValue(entry), Flags: entry.flags }),
      PreviousIndex: previousIndex,
    })),
  };
}
