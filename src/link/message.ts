import { Decoder, Encoder } from "@msgpack/msgpack";
import { type ErrorKind, messageOf, OperatingError } from "../lib/errors.ts";
import { payloadBytesMax } from "./frames.ts";

/* A payload of a call, an answer or a failure is an array in MessagePack, which keeps bytes and 64-bit integers exactly. */

/* One of each for all messages, since each has a buffer or a table of its own. */
const encoder = new Encoder({ useBigInt64: true, ignoreUndefined: true });
const decoder = new Decoder({ useBigInt64: true });

/** Encodes a payload. @throws OperatingError too-large when it is longer than `payloadBytesMax` */
export function pack(value: unknown): Uint8Array {
  const bytes = encoder.encode(value);
  if (bytes.length <= payloadBytesMax) return bytes;
  throw new OperatingError(
    "too-large",
    "link-message",
    `a message between agents has at most ${payloadBytesMax} bytes`,
  );
}

/** Decodes a payload to its array. The other agent made it, and has proved that it belongs to this cluster. */
function unpack(bytes: Uint8Array): readonly unknown[] {
  const value = decoder.decode(bytes);
  if (Array.isArray(value)) return value;
  throw new TypeError("a message that is no array");
}

/** Decodes the payload of a call. @throws Error when it cannot be decoded */
export function unpackCall(bytes: Uint8Array): {
  readonly kind: string;
  readonly head: unknown;
  readonly hasBody: boolean;
} {
  const [kind, head, hasBody] = unpack(bytes);
  return { kind: String(kind), head, hasBody: hasBody === true };
}

/** Decodes the payload of an answer. @throws Error when it cannot be decoded */
export function unpackAnswer(bytes: Uint8Array): { readonly head: unknown; readonly hasBody: boolean } {
  const [head, hasBody] = unpack(bytes);
  return { head, hasBody: hasBody === true };
}

export function packError(error: unknown): Uint8Array {
  if (error instanceof OperatingError) return pack([error.kind, error.code, error.message]);
  return pack(["unavailable", "fault", messageOf(error)]);
}

/** Decodes the payload of a failure to the error of the other agent. */
export function errorOf(payload: Uint8Array): OperatingError {
  const [kind, code, message] = unpack(payload);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- packError wrote the kind
  return new OperatingError(kind as ErrorKind, String(code), String(message));
}
