/** A user event (`consul event`). The agent keeps the newest events in memory only. */
export interface Event {
  readonly id: string;
  readonly name: string;
  readonly payload: Uint8Array;
  /** Regular expressions that select the event's nodes and services; "" selects all. */
  readonly nodeFilter: string;
  readonly serviceFilter: string;
  readonly tagFilter: string;
  /** The sender's Lamport time when the event was fired; 0 for an event that has not been fired yet. */
  readonly time: number;
}

/**
 * Returns the X-Consul-Index of an event list whose last event is this event. Consul: the index is the xor of the two halves of
 * the event's id, so such indexes can be compared for equality but not for order.
 */
export function eventIndex({ id }: Event): bigint {
  const digits = id.replaceAll("-", "");
  return BigInt(`0x${digits.slice(0, 16)}`) ^ BigInt(`0x${digits.slice(16)}`);
}
