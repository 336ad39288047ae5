import { expect, test } from "bun:test";
import { describeFault } from "./value-rules.ts";

function described(key: string, value: string, at = ""): string {
  return describeFault(key, new TextEncoder().encode(value), { rule: "must be integer", at });
}

test("a refusal names the key, the value and the rule, on one line", () => {
  expect(described("a/b", "x\ny")).toBe('the value "x\\ny" of the key "a/b" is not valid: must be integer');
  expect(described("a\nb", "x", "/c")).toBe('the value "x" of the key "a\\nb" is not valid at "/c": must be integer');
});

test("a long value is cut", () => {
  expect(described("a", "x".repeat(101))).toContain(`"${"x".repeat(100)}..."`);
  expect(described("a", "x".repeat(100))).toContain(`"${"x".repeat(100)}"`);
});

test.each([
  ["vault/core/keyring", "hunter2"],
  ["edgex/core/1.0/a/Databases/Primary/Password", "hunter2"],
  ["a/SecretStore/hunter", "hunter2"],
  ["a/AuthToken", "hunter2"],
  ["a/API_KEY", "hunter2"],
  ["a/database", '{"user": "u", "Password": "hunter2"}'],
])("the value of %s is not shown, nor any name in it", (key, value) => {
  const text = described(key, value, "/hunter2");
  expect(text).toBe(`the value of the key ${JSON.stringify(key)} is not valid: must be integer`);
});
