import { expect, test } from "bun:test";
import { entriesOf } from "./contents.ts";

test("the number of entries of an answer is the number of elements of its list or of names in its object", () => {
  expect(entriesOf("[{},{}]")).toBe(2);
  expect(entriesOf('{"consul":[],"web":["a","b","c"]}')).toBe(2);
  expect(entriesOf("[]")).toBe(0);
});

test("counting the entries of an answer that is neither a list nor an object throws an error", () => {
  for (const text of ["null", "7", '"rack"']) expect(() => entriesOf(text)).toThrow("neither a list nor an object");
  expect(() => entriesOf("No path to datacenter")).toThrow();
});
