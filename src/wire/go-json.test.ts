import { expect, test } from "bun:test";
import { goMap, renderGoJson } from "./go-json.ts";

const compact = (value: unknown): string => renderGoJson(value, { pretty: false });

test("JSON rendered from a struct keeps the order of its fields and omits undefined ones", () => {
  expect(compact({ b: 1, a: undefined, c: null })).toBe('{"b":1,"c":null}');
});

test("JSON rendered from a map has its keys sorted by their bytes, even if they are numbers", () => {
  expect(compact(goMap({ b: 1, 10: 2, 9: 3, B: 4 }))).toBe('{"10":2,"9":3,"B":4,"b":1}');
  expect(compact(goMap({ "\u{1f600}": 1, "\uffee": 2, a: 3, ab: 4 }))).toBe('{"a":3,"ab":4,"\uffee":2,"\u{1f600}":1}');
});

test("rendered JSON escapes the same characters as Go's, such as <, > and & for HTML", () => {
  expect(compact("<a>&\u2028\u2029\u007f\b\f\n\u0001é")).toBe(
    '"\\u003ca\\u003e\\u0026\\u2028\\u2029\u007f\\u0008\\u000c\\n\\u0001é"',
  );
});

test("rendered JSON has the replacement character U+FFFD for an unpaired surrogate", () => {
  expect(compact("a\ud800")).toBe('"a\ufffd"');
});

test("indented JSON has four spaces, empty lists and objects on one line, and a final newline", () => {
  expect(renderGoJson({ a: [1, {}], b: [], c: goMap({}) }, { pretty: true })).toBe(
    '{\n    "a": [\n        1,\n        {}\n    ],\n    "b": [],\n    "c": {}\n}\n',
  );
});

test("a bigint is rendered as a JSON number with all digits", () => {
  expect(compact({ Flags: 18446744073709551615n })).toBe('{"Flags":18446744073709551615}');
});
