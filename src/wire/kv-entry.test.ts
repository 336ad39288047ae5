import { expect, test } from "bun:test";
import type { KvEntry } from "../model/kv-entry.ts";
import { renderKvEntries, renderKvEntry } from "./kv-entry.ts";

const entry: KvEntry = {
  key: "a",
  value: new TextEncoder().encode("x<>"),
  flags: 0n,
  lockIndex: 0,
  origin: "",
  session: "",
  createIndex: 18,
  modifyIndex: 18,
};

test("an encoded key-value entry has its value in base64", () => {
  expect(renderKvEntry(entry)).toBe(
    '{"LockIndex":0,"Key":"a","Flags":0,"Value":"eDw+","CreateIndex":18,"ModifyIndex":18}',
  );
});

test("an encoded key-value entry has null for an empty value, and its 64-bit flags as a number", () => {
  expect(renderKvEntries([{ ...entry, value: new Uint8Array(), flags: 18446744073709551615n }])).toBe(
    '[{"LockIndex":0,"Key":"a","Flags":18446744073709551615,"Value":null,"CreateIndex":18,"ModifyIndex":18}]',
  );
});

test("the encoded entry of a locked key has the id of the session that holds the lock", () => {
  expect(renderKvEntry({ ...entry, session: "s" })).toContain('"Value":"eDw+","Session":"s","CreateIndex"');
});
