import type { RowIndexes } from "./node.ts";

/** A key of the configuration store with its value. */
export interface KvEntry extends RowIndexes {
  readonly key: string;
  readonly value: Uint8Array;
  /** An unsigned 64-bit number that clients may use as they like. */
  readonly flags: bigint;
  /** How many times the key was locked. */
  readonly lockIndex: number;
  /** The session that holds the lock, or "". */
  readonly session: string;
}

/** Consul's limit of one value, in bytes. */
export const kvValueBytesMax: number = 512 * 1024;
