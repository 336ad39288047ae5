import { expect, test } from "bun:test";
import { authorOf, shownOf } from "./key-versions.ts";

const pair = { Key: "a", Value: btoa("1"), Flags: 0, CreateIndex: 1, ModifyIndex: 2, LockIndex: 0 };
const version = { Key: "a", Index: 1, Operation: "set" } as const;

test.each([
  [{ Value: btoa("0"), Size: 1 }, pair, { isPresent: false, present: "1", past: "0" }],
  [{ Value: btoa("1"), Size: 1 }, pair, { isPresent: true, present: "1", past: "1" }],
  [{ Value: btoa("1"), Size: 1, Flags: 7n }, pair, { isPresent: false, present: "1", past: "1" }],
  [{}, pair, { isPresent: false, present: "1", past: "" }],
  [{ Value: null }, undefined, { isPresent: false, present: "", past: "" }],
])("a version %p beside the present value is shown as texts", (changes, present, shown) => {
  expect(shownOf({ ...version, ...changes }, present)).toEqual(shown);
});

test("a version that is no text is described by its size", () => {
  expect(shownOf({ ...version, Value: btoa("\0"), Size: 1 }, pair)).toEqual({
    isPresent: false,
    bytes: "The value then had 1 B, and now has 1 B. They are no texts.",
  });
});

test.each([
  [{ AccessorID: "", Token: "", Address: "10.0.0.7", Client: "curl/8" }, "curl/8 10.0.0.7"],
  [{ AccessorID: "id", Token: "ops", Address: "", Client: "" }, "ops"],
  [{ AccessorID: "id", Token: "", Address: "10.0.0.7", Client: "curl/8" }, "id (curl/8 10.0.0.7)"],
  [undefined, ""],
])("the author %p is named %p", (by, text) => {
  expect(authorOf(by ? { By: by } : {})).toBe(text);
});
