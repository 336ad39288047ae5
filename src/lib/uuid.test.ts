import { expect, test } from "bun:test";
import { beginsUuid } from "./uuid.ts";

test.each(["", "f", "cafe", "F2AB53F5", "f2ab53f5-", "f2ab53f5-be9", "f2ab53f5-be99-6e25-3f0e-8d5e673ad0fb"])(
  "the text %p is the beginning of a UUID",
  (text) => expect(beginsUuid(text)).toBe(true),
);

test.each(["nope", "edge", "cafe-1", "f2ab53f5b", "f2ab53f5-be99-6e25-3f0e-8d5e673ad0fb1", "f2ab53f5-be99-6e25-3f0e1"])(
  "the text %p is not the beginning of a UUID",
  (text) => expect(beginsUuid(text)).toBe(false),
);
