import { isUtf8 } from "node:buffer";
import { uuidOfName } from "../lib/uuid.ts";
import type { KeyChange } from "../registry/key-changes.ts";

export interface EnvelopeOptions {
  /** The UUID of the node. The message's correlation ID is derived from this UUID and the change. */
  readonly nodeId: string;
  /** Whether to encode the payload as base64 of its JSON, as EdgeX does with EDGEX_MSG_BASE64_PAYLOAD. */
  readonly base64Payload: boolean;
  /** If present, encodes the message in CBOR, as EdgeX does with EDGEX_MSG_CBOR_ENCODE; `base64Payload` has no effect then. */
  readonly encodeCbor: ((message: object) => Uint8Array) | undefined;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Encodes a change of a key as core-keeper does. EdgeX's clients compare `value` with the text that they read for the key,
 * and ignore the message if the two differ. So `value` is always a string, also for a number or boolean.
 */
export function encodeEnvelope(change: KeyChange, options: EnvelopeOptions): Uint8Array {
  const { encodeCbor, base64Payload } = options;
  const payload = payloadOf(change);
  const isBase64 = base64Payload && encodeCbor === undefined;
  const message = {
    apiVersion: "v3",
    receivedTopic: "",
    correlationID: uuidOfName(`${change.index}/${change.key}`, options.nodeId),
    requestID: "",
    errorCode: 0,
    payload: isBase64 ? Buffer.from(JSON.stringify(payload)).toString("base64") : payload,
    contentType: encodeCbor === undefined ? "application/json" : "application/cbor",
  };
  return encodeCbor === undefined ? Buffer.from(JSON.stringify(message)) : encodeCbor(message);
}

/** Returns the envelope's payload. `Created` and `Modified` are 0, as in core-keeper's messages. */
function payloadOf({ key, index, entry }: KeyChange): object {
  const base = { key: key.toWellFormed(), Created: 0, Modified: 0, revision: index };
  if (entry === undefined) return base;
  const text = { ...base, value: decoder.decode(entry.value) };
  // A value that is not UTF-8 is sent twice: as text with U+FFFD, as core-keeper's API returns it, and in base64.
  return isUtf8(entry.value) ? text : { ...text, valueBase64: Buffer.from(entry.value).toString("base64") };
}
