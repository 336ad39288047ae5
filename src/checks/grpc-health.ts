/**
 * Encodes and decodes the two messages of grpc.health.v1 in protobuf: the request is a string in field 1, the response an
 * enum in field 1. Two such small messages do not justify loading a protobuf library.
 */

export const healthCheckPath = "/grpc.health.v1.Health/Check";

/** The status SERVING of grpc.health.v1. All other statuses mean that the service is unhealthy. */
export const serving = 1;

const serviceTag = 0x0a; // field 1, length-delimited
const statusTag = 0x08; // field 1, varint

export function encodeHealthRequest(service: string): Buffer {
  if (service === "") return Buffer.alloc(0);
  const name = Buffer.from(service);
  return Buffer.concat([Buffer.from([serviceTag, ...encodeVarint(name.byteLength)]), name]);
}

/** Returns the status in a response; 0 (UNKNOWN) if it has none. Skips unknown fields, which a later version may add. */
export function decodeHealthStatus(answer: Uint8Array): number {
  let status = 0;
  for (let at = 0; at < answer.byteLength;) {
    const tag = decodeVarint(answer, at);
    const value = decodeVarint(answer, tag.end);
    if (tag.value === statusTag) status = value.value;
    at = endOfField(tag.value & 7, tag.end, value);
  }
  return status;
}

interface Varint {
  readonly value: number;
  readonly end: number;
}

function endOfField(wireType: number, start: number, first: Varint): number {
  if (wireType === 0) return first.end;
  if (wireType === 1) return start + 8;
  if (wireType === 2) return first.end + first.value;
  return wireType === 5 ? start + 4 : Infinity; // proto3 has no other types, so their length is unknown
}

function encodeVarint(value: number): number[] {
  if (value < 0x80) return [value];
  return [(value % 0x80) | 0x80, ...encodeVarint(Math.floor(value / 0x80))];
}

function decodeVarint(bytes: Uint8Array, start: number): Varint {
  let value = 0;
  let end = start;
  for (let scale = 1; end < bytes.byteLength; scale *= 0x80) {
    const byte = bytes[end++] ?? 0;
    value += (byte % 0x80) * scale;
    if (byte < 0x80) break;
  }
  return { value, end: Math.max(end, start + 1) };
}
