import type { RowIndexes } from "./node.ts";
import type { ValueOrigin } from "./value-origin.ts";

/** An entry of the key-value store. */
export interface KvEntry extends RowIndexes {
  readonly key: string;
  readonly value: Uint8Array;
  /** An unsigned 64-bit number that clients may use as they like. */
  readonly flags: bigint;
  /** Number of times that a session has locked the key. */
  readonly lockIndex: number;
  /** The session that holds the lock, or "". */
  readonly session: string;
  /** Where the value comes from. Consul's API does not tell it. */
  readonly origin: ValueOrigin;
}

/** Consul's maximum length of one value, in bytes. */
export const kvValueBytesMax: number = 512 * 1024;
