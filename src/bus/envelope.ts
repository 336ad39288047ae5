import { isUtf8 } from "node:buffer";
import { uuidOfName } from "../lib/uuid.ts";
import type { KeyChange } from "../registry/key-changes.ts";

export interface EnvelopeOptions {
  /** A UUID: from it and the change comes the message's correlation ID. */
  readonly nodeId: string;
  /** The payload as base64 of its JSON, as with EDGEX_MSG_BASE64_PAYLOAD. */
  readonly base64Payload: boolean;
  /** Writes the whole message in CBOR, as with EDGEX_MSG_CBOR_ENCODE, which goes before base64 there, too. */
  readonly encodeCbor: ((message: object) => Uint8Array) | undefined;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * The message that core-keeper sends of a change. EdgeX's clients compare `value` with the text that they read for the
 * key, and pass over a message that is not the same: so it is the text, never the number or truth value it may stand for.
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

/** `Created` and `Modified` are 0 in core-keeper's messages, too. */
function payloadOf({ key, index, entry }: KeyChange): object {
  const told = { key: key.toWellFormed(), Created: 0, Modified: 0, revision: index };
  if (entry === undefined) return told;
  const text = { ...told, value: decoder.decode(entry.value) };
  // What is no text goes twice: as it reads in core-keeper's answers, with U+FFFD, and as it is.
  return isUtf8(entry.value) ? text : { ...text, valueBase64: Buffer.from(entry.value).toString("base64") };
}
