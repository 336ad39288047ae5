import { expect, test } from "bun:test";
import { faultsOf, laidOut } from "./text-check.ts";

test.each([
  ["json", '{"a": 1,\n "a": 2}', 10, "twice"],
  ["json", '{"a": 1', 7, "close brace expected"],
  ["yaml", "a: 1\na: 2\n", 5, "unique"],
  ["yaml", "a: [1", 5, ""],
  ["toml", "a = 1\na = 2\n", 6, ""],
  ["toml", "a = \n", 4, ""],
] as const)("%s %p has a fault at %d", (format, text, from, message) => {
  const [fault] = faultsOf(format, text);
  expect(fault?.from).toBe(from);
  expect(fault?.message).toContain(message);
});

test("good texts, and plain ones, have no fault", () => {
  expect(faultsOf("json", '{"a": [1, {"a": 2}]}')).toEqual([]);
  expect(faultsOf("yaml", "a:\n  b: 1\n")).toEqual([]);
  expect(faultsOf("toml", "[a]\nb = 1\n")).toEqual([]);
  expect(faultsOf("text", "{")).toEqual([]);
  expect(faultsOf("json", "  ")).toEqual([]);
});

test("a layout keeps numbers and comments, and does not touch a faulty text", () => {
  expect(laidOut("json", '{"a":1.0,"b":[1]}')).toBe('{\n  "a": 1.0,\n  "b": [\n    1\n  ]\n}');
  expect(laidOut("yaml", "a:   1 # why\n")).toBe("a: 1 # why\n");
  expect(laidOut("json", "{")).toBeUndefined();
});
