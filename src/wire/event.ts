import type { Event } from "../model/event.ts";

export function encodeEvent(event: Event): object {
  const { payload } = event;
  return {
    ID: event.id,
    Name: event.name,
    Payload: payload.length === 0 ? null : Buffer.from(payload).toString("base64"),
    NodeFilter: event.nodeFilter,
    ServiceFilter: event.serviceFilter,
    TagFilter: event.tagFilter,
    Version: 1,
    LTime: event.time,
  };
}

/** Maximum number of bytes of an encoded event. Consul: the event must fit into one datagram of Serf. */
const encodedBytesMax = 512;

/** Returns Serf's error text for an event that is too large; undefined when it is small enough. */
export function eventSizeFault(event: Event, time: number): string | undefined {
  const name = `consul:event:${event.name}`;
  const inner = innerBytes(event);
  if (byteLength(name) + inner > encodedBytesMax)
    return `user event exceeds configured limit of ${encodedBytesMax} bytes before encoding`;
  if (outerBytes(name, inner, time) <= encodedBytesMax) return undefined;
  return `encoded user event exceeds configured limit of ${encodedBytesMax} bytes after encoding`;
}

/** Counts the bytes of the event in MessagePack: a map of the id, name, version and the other fields that are not empty. */
function innerBytes(event: Event): number {
  const { payload, nodeFilter, serviceFilter, tagFilter } = event;
  let bytes = 1 + key("ID") + textBytes(event.id) + key("n") + textBytes(event.name) + key("v") + 1;
  if (payload.length > 0) bytes += key("p") + (payload.length < 256 ? 2 : 3) + payload.length;
  if (nodeFilter !== "") bytes += key("nf") + textBytes(nodeFilter);
  if (serviceFilter !== "") bytes += key("sf") + textBytes(serviceFilter);
  if (tagFilter !== "") bytes += key("tf") + textBytes(tagFilter);
  return bytes;
}

/**
 * Counts the bytes of the Serf message that carries an event: type, time, name, payload and CC, in the old MessagePack, which has
 * no str 8 format.
 * @param inner the number of bytes of the encoded event
 */
function outerBytes(name: string, inner: number, time: number): number {
  const type = 1;
  const map = 1;
  const copies = key("CC") + 1;
  return (
    type +
    map +
    key("LTime") +
    numberBytes(time) +
    key("Name") +
    rawBytes(byteLength(name)) +
    key("Payload") +
    rawBytes(inner) +
    copies
  );
}

function key(name: string): number {
  return 1 + name.length;
}

function textBytes(text: string): number {
  const length = byteLength(text);
  if (length < 32) return 1 + length;
  return (length < 256 ? 2 : 3) + length;
}

function rawBytes(length: number): number {
  return (length < 32 ? 1 : 3) + length;
}

function numberBytes(value: number): number {
  if (value < 128) return 1;
  if (value < 256) return 2;
  return value < 65_536 ? 3 : 5;
}

function byteLength(text: string): number {
  return Buffer.byteLength(text);
}
