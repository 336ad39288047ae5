/** A message to whoever listens; it is remembered for a while and written nowhere. */
export interface Event {
  readonly id: string;
  readonly name: string;
  readonly payload: Uint8Array;
  /** Regular expressions, each "" for everybody: which nodes and services it is meant for. */
  readonly nodeFilter: string;
  readonly serviceFilter: string;
  readonly tagFilter: string;
  /** The sender's count of events when it was fired: 0 until then. */
  readonly time: number;
}

/**
 * The index of a list that ends in this event. Consul: the halves of the id, one xor the other; two lists are the same
 * when their indexes are, and neither is the newer one.
 */
export function eventIndex({ id }: Event): bigint {
  const digits = id.replaceAll("-", "");
  return BigInt(`0x${digits.slice(0, 16)}`) ^ BigInt(`0x${digits.slice(16)}`);
}
