import { expect, test } from "bun:test";
import { decode, encode } from "cborg";
import type { KeyChange } from "../registry/key-changes.ts";
import { encodeEnvelope, type EnvelopeOptions } from "./envelope.ts";

const plain: EnvelopeOptions = {
  nodeId: "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11",
  base64Payload: false,
  encodeCbor: undefined,
};

function change(value: Uint8Array | string | undefined): KeyChange {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  const lock = { flags: 0n, lockIndex: 0, session: "", createIndex: 3, modifyIndex: 7, origin: "" as const };
  return { key: "edgex/a", index: 7, entry: bytes && { key: "edgex/a", value: bytes, ...lock } };
}

function textOf(value: Uint8Array | string | undefined, options = plain): string {
  return Buffer.from(encodeEnvelope(change(value), options)).toString();
}

test("a change of a key is encoded in core-keeper's message envelope, with the change's revision", () => {
  expect(textOf("DEBUG")).toBe(
    '{"apiVersion":"v3","receivedTopic":"","correlationID":"ba78f189-b0b0-5e6b-ba3b-e9aff55fe172","requestID":"",' +
      '"errorCode":0,"payload":{"key":"edgex/a","Created":0,"Modified":0,"revision":7,"value":"DEBUG"},' +
      '"contentType":"application/json"}',
  );
});

test("a message's correlation ID stays the same when the change is published again, and differs from other changes' IDs", () => {
  const idOf = (published: KeyChange): unknown =>
    JSON.parse(Buffer.from(encodeEnvelope(published, plain)).toString()).correlationID;
  expect(idOf(change("x"))).toBe(idOf(change("x")));
  expect(new Set([change("x"), { ...change("x"), index: 8 }, { ...change("x"), key: "edgex/b" }].map(idOf)).size).toBe(
    3,
  );
});

test("the message of a write has the value's stored text, even for a number or boolean; that of a delete has no value", () => {
  expect(["30", "true", "", '{"a":1}', "\ufeffx"].map((value) => JSON.parse(textOf(value)).payload.value)).toEqual([
    ...["30", "true", "", '{"a":1}', "\ufeffx"],
  ]);
  expect(JSON.parse(textOf(undefined)).payload).toEqual({ key: "edgex/a", Created: 0, Modified: 0, revision: 7 });
});

test("the message of a value that is not UTF-8 has the value as text with U+FFFD and in base64", () => {
  expect(JSON.parse(textOf(new Uint8Array([0x61, 0xff]))).payload).toMatchObject({
    value: "a\ufffd",
    valueBase64: "Yf8=",
  });
});

test("the option base64Payload encodes the payload as base64 of its JSON", () => {
  const { payload, contentType } = JSON.parse(textOf("DEBUG", { ...plain, base64Payload: true }));
  expect(contentType).toBe("application/json");
  expect(JSON.parse(Buffer.from(payload, "base64").toString())).toEqual(JSON.parse(textOf("DEBUG")).payload);
});

test("the option encodeCbor encodes the whole message in CBOR and overrides base64Payload", () => {
  const bytes = encodeEnvelope(change("DEBUG"), { ...plain, base64Payload: true, encodeCbor: encode });
  expect(decode(bytes)).toEqual({ ...JSON.parse(textOf("DEBUG")), contentType: "application/cbor" });
});
